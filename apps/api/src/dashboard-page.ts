/** The address of a page of the dashboard, which may live below a path of its own. */
export function pageOf(dashboardUrl: URL, path: string): URL {
  return new URL(`${dashboardUrl.pathname.replace(/\/$/, '')}${path}`, dashboardUrl)
}

/** Whether this process serves. It does not ask the API, whose trouble restarting the dashboard would not mend. */
export const GET = () => Response.json({ status: 'ok' })

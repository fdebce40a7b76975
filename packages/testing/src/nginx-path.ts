import { existsSync } from 'node:fs'

/** Where nginx is, or undefined when this machine has none. */
export const nginxPath: string | undefined = [
  process.env['NGINX_PATH'],
  '/usr/sbin/nginx',
  '/usr/bin/nginx',
  '/usr/local/bin/nginx',
  '/opt/homebrew/bin/nginx',
].find((path) => path !== undefined && path !== '' && existsSync(path))

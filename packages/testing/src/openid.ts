export { startOpenIdProvider, type OpenIdPerson, type OpenIdServer } from './openid-provider.ts'
export { visitOpenIdProvider } from './openid-visit.ts'

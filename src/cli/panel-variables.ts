/** Every variable of the panel, once: what reads them and the help are made of it. */

export interface PanelVariable {
  readonly says: string
  /** May be in a file that the variable with _FILE after its name names, and is never shown. */
  readonly secret?: boolean
}

export const PANEL_VARIABLES = {
  HEALTH_PANEL_HOST: { says: 'the address to listen on; default: 127.0.0.1, and another only with a login' },
  HEALTH_PANEL_PORT: { says: 'default: 8010; 0 is any that is free' },
  HEALTH_PANEL_URL: { says: 'how people reach it behind a proxy, prefix included: https://ops.example.org/health' },
  HEALTH_PANEL_PUBLIC: { says: 'true: /status shows everybody names and states of the services, without a login' },
  HEALTH_PANEL_CONTROL: { says: 'false: nobody pauses, stops or restarts a service from here; default: true, for who has the right' },
  HEALTH_PANEL_LOGIN: {
    says: 'none, token, basic, proxy or oidc; default: token or basic where one of the variables below is set, else none',
  },
  HEALTH_PANEL_TOKEN: { says: 'token: for operators, who may do everything; default: one is made and shown once', secret: true },
  HEALTH_PANEL_VIEWER_TOKEN: { says: 'token: for viewers, who only look', secret: true },
  HEALTH_PANEL_USERS_FILE: {
    says: 'basic: a file with a line for each user, name:role:hash; the role is operator, viewer, or viewer+ack+note and the like; --hash-password makes the hash',
  },
  HEALTH_PANEL_PROXY_USER_HEADER: { says: 'proxy: the header that holds the name of the user; default: x-forwarded-user' },
  HEALTH_PANEL_PROXY_GROUPS_HEADER: { says: 'proxy: the header that holds the groups, divided by commas; default: x-forwarded-groups' },
  HEALTH_PANEL_PROXY_TRUSTED: { says: 'proxy: addresses that it connects from, as in 10.0.0.5,10.1.0.0/16' },
  HEALTH_PANEL_OPERATORS: { says: 'proxy, oidc: groups whose people are operators, divided by commas' },
  HEALTH_PANEL_VIEWERS: { says: 'proxy, oidc: groups whose people may look; default: everybody who is logged in' },
  HEALTH_PANEL_OIDC_ISSUER: { says: 'oidc: the URL of the provider' },
  HEALTH_PANEL_OIDC_CLIENT_ID: { says: 'oidc: as what the provider knows the panel; it must lead back to HEALTH_PANEL_URL/login/return' },
  HEALTH_PANEL_OIDC_CLIENT_SECRET: { says: 'oidc: left out for a public client', secret: true },
  HEALTH_PANEL_OIDC_GROUPS_CLAIM: { says: 'oidc: the claim that holds the groups; default: groups' },
  HEALTH_PANEL_OIDC_SCOPE: { says: 'oidc: default: openid profile email' },
  HEALTH_PROMETHEUS_URL: { says: 'a Prometheus that is asked for trends of 30 days' },
  HEALTH_GRAFANA_URL: { says: 'a Grafana that pages link to' },
} as const satisfies Readonly<Record<string, PanelVariable>>

export type PanelVariableName = keyof typeof PANEL_VARIABLES

/** As the help names them. */
export function panelVariableRows(): readonly (readonly string[])[] {
  return Object.entries<PanelVariable>(PANEL_VARIABLES).map(([name, { says, secret }]) => [
    name,
    secret ? `${says}; or ${name}_FILE` : says,
  ])
}

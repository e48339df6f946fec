/** A small OpenID provider that keeps to the rules: codes are good once, PKCE is checked, tokens are signed. */
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'

import { onTestFinished } from 'vitest'

import { listening } from '../serving.ts'

export interface OpenIdProvider {
  readonly issuer: string
  /** What the ID token says besides. */
  claims: Record<string, unknown>
  /** What it does wrong. */
  fault: 'none' | 'nonce' | 'signature' | 'audience' | 'away'
  /** A person logs in there: where the browser is led back to. */
  logIn(authorizationUrl: string): string
}

export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const codes = new Map<string, { readonly nonce: string; readonly challenge: string; readonly redirect: string }>()
  const provider: OpenIdProvider = { issuer: '', claims: { preferred_username: 'ann', groups: ['sre'] }, fault: 'none', logIn }
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (provider.fault === 'away') return void response.destroy()
    if (request.url === '/.well-known/openid-configuration') {
      return void answer(200, {
        issuer: provider.issuer,
        authorization_endpoint: `${provider.issuer}/authorize`,
        token_endpoint: `${provider.issuer}/token`,
        jwks_uri: `${provider.issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      })
    }
    if (request.url === '/jwks')
      return void answer(200, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'RS256' }] })
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const form = new URLSearchParams(body)
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const proven = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (!code || code.challenge !== proven || code.redirect !== form.get('redirect_uri') || form.get('client_secret') !== 'hunter2')
      return void answer(400, { error: 'invalid_grant' })
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      ...{ iss: provider.issuer, sub: 'id-7', iat: now, exp: now + 60, nonce: provider.fault === 'nonce' ? 'another' : code.nonce },
      aud: provider.fault === 'audience' ? 'another' : 'panel',
      ...provider.claims,
    }
    answer(200, { access_token: 'a', token_type: 'Bearer', id_token: signed(claims) })
  })
  const port = await listening(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return Object.assign(provider, { issuer: `http://127.0.0.1:${port}` })

  function logIn(authorizationUrl: string): string {
    const asked = new URL(authorizationUrl).searchParams
    const code = randomBytes(8).toString('hex')
    codes.set(code, { nonce: asked.get('nonce')!, challenge: asked.get('code_challenge')!, redirect: asked.get('redirect_uri')! })
    const back = new URL(asked.get('redirect_uri')!)
    back.search = new URLSearchParams({ code, state: asked.get('state')!, iss: provider.issuer }).toString()
    return back.pathname + back.search
  }

  function signed(claims: object): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}`
    const signature = createSign('sha256')
      .update(text)
      .sign(provider.fault === 'signature' ? stranger : privateKey, 'base64url')
    return `${text}.${signature}`
  }
}

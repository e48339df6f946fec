/** A refusal as a person reads it who has followed a link. */
import { html } from 'hono/html'

import type { Refused } from './refused.ts'

export async function plainPage({ status, message, headers }: Refused, base: string): Promise<Response> {
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Health panel</title>
      </head>
      <body>
        <main>
          <h1>Health panel</h1>
          <p>${message}</p>
          <p><a href="${base}/">To the panel</a></p>
        </main>
      </body>
    </html>`
  return new Response(page.toString(), { status, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' } })
}

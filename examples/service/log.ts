/** One line per event worth a person's attention. */
export type Log = (event: string, fields: Readonly<Record<string, unknown>>) => void

export const consoleLog: Log = (event, fields) => {
  console.log(JSON.stringify({ time: new Date().toISOString(), event, ...fields }))
}

/** How a command that starts a service is changed so that otel-health is there before the service. Pure. */

export const REGISTER = 'otel-health/register'
const IMPORT = `--import ${REGISTER}`
const HAS_REGISTER = /otel-health\/(?:dist\/)?register\b/

export type StartChange =
  /** `entry`: the file that is started, if it names one. */
  | { readonly is: 'changed'; readonly command: string; readonly entry: string | undefined }
  | { readonly is: 'already there'; readonly entry: string | undefined }
  /** `launcher`: what it is that starts the service; `advice`: what to do by hand. */
  | { readonly is: 'left'; readonly launcher: string; readonly advice: string; readonly entry: string | undefined }

/** Words before the program: `NAME=value`, cross-env and its like. */
const BEFORE = String.raw`((?:^|&&\s*|;\s*)(?:(?:cross-env|env|exec|dotenv(?:\s+-e\s+\S+)*\s+--)\s+)*(?:\w+=(?:"[^"]*"|'[^']*'|\S*)\s+)*)`
const FILE = /^(?!-)(?:\.|[\w.@/-]*\/[\w.@/-]+|[\w.@-]+\.[cm]?[jt]sx?)$/

/** `command`: of a script of package.json. */
export function withRegister(command: string): StartChange {
  const entry = entryOf(command)
  if (HAS_REGISTER.test(command)) return { is: 'already there', entry }
  for (const program of ['node', 'tsx']) {
    const place = new RegExp(`${BEFORE}(${program})(\\s+)(?!--?(?:test|eval|print|check)\\b|-[epc]\\b)(?=\\S)`).exec(command)
    if (!place || (program === 'tsx' && /\btsx\s+watch\b/.test(command))) continue
    const at = place.index + place[1]!.length + program.length
    return { is: 'changed', command: `${command.slice(0, at)} ${IMPORT}${command.slice(at)}`, entry }
  }
  const nest = new RegExp(`${BEFORE}nest start(?=\\s|$)`).exec(command)
  if (nest && !/\s(?:-e|--exec)\b/.test(command)) {
    const at = nest.index + nest[0].length
    return { is: 'changed', command: `${command.slice(0, at)} --exec "node ${IMPORT}"${command.slice(at)}`, entry: undefined }
  }
  if (/\bpm2(?:-runtime)?\b/.test(command)) {
    return {
      is: 'left',
      launcher: 'PM2',
      advice: pm2Advice(/\S*(?:ecosystem|pm2|process)\S*\.(?:c?js|json|ya?ml)/.exec(command)?.[0]),
      entry,
    }
  }
  const launcher = new RegExp(`${BEFORE}(?:(?:npx|pnpm|yarn|bunx)\\s+(?:exec\\s+|dlx\\s+)?)?([\\w@./-]+)`).exec(command)?.[2] ?? command
  return {
    is: 'left',
    launcher,
    advice: `start it with NODE_OPTIONS="${IMPORT}" in its environment: NODE_OPTIONS="${IMPORT}" ${command}`,
    entry,
  }
}

export function pm2Advice(file: string | undefined): string {
  return `give the app node_args: '${IMPORT}'${file === undefined ? '' : ` in ${file}`}`
}

/** For a project that has no script that starts it. */
export function startCommand(entry: string): string {
  return `node ${IMPORT} ${entry}`
}

/** The file that node, tsx, ts-node or a tool that restarts them is given. */
export function entryOf(command: string): string | undefined {
  const after = /(?:^|[\s&;])(?:node|tsx|ts-node|nodemon|ts-node-dev|swc-node|pm2(?:-runtime)?(?:\s+start)?)(?=\s)(.*)/.exec(command)?.[1]
  if (after === undefined) return undefined
  // Values of options that stand by themselves are none.
  const words = after
    .replaceAll(
      /\s(?:--import|--require|-r|--loader|--env-file(?:-if-exists)?|--conditions|-C|--exec|--watch-path|--project|-P)\s+(?:"[^"]*"|'[^']*'|\S+)/g,
      ' ',
    )
    .replace(/^\s+watch\s/, ' ')
  const file = words.split(/\s+/).find((word) => FILE.test(word))
  return file?.replace(/^\.\//, '')
}

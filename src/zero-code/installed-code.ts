/** Which files are a project's own, and which came with a package or with Node. Pure. */

/**
 * Where packages are installed: `node_modules`, of projects as of global prefixes, the folders of yarn and corepack, Debian's, and what
 * loads the service in Passenger and iisnode.
 */
const INSTALLED =
  /\/node_modules\/|\/\.yarn\/(?:releases|sdks|plugins|unplugged|cache|__virtual__)\/|\/corepack\/(?:v\d+\/)?(?:npm|pnpm|yarn)\/|^\/usr\/share\/(?:nodejs|npm|yarn)\/|\/(?:phusion-)?passenger[^/]*\/(?:.*\/)?node-loader\.js$|\/iisnode\/interceptor\.js$/

/** Those outside such folders too, as version managers have them. None ever runs a project's code in its own process. */
const PACKAGE_MANAGERS: ReadonlySet<string> = new Set(['npm', 'pnpm', '@pnpm/exe', 'yarn', '@yarnpkg/cli', '@yarnpkg/berry', 'cnpm'])

/** A queue library by the file of it that is loaded. */
const QUEUE_LIBRARY =
  /\/node_modules\/(?:bull|bullmq|bee-queue|pg-boss|graphile-worker|agenda|sqs-consumer|@aws-sdk\/client-sqs|amqplib|kafkajs)\//

/** Of tools, which load it without running the service: `next.config.js`, `.eslintrc.cjs`, `knexfile.js`. */
const CONFIGURATION = /^\.|\.config\.[cm]?[jt]s$|^(?:cake|grunt|gulp|jake|knex)file\.[cm]?[jt]s$/i

export function slashed(path: string): string {
  return path.replaceAll('\\', '/')
}

/** Whether a file belongs to a package that was installed. */
export function isInstalledFile(file: string): boolean {
  return INSTALLED.test(slashed(file))
}

/** `packageName`: of the package the file belongs to. */
export function isPackageManager(file: string, packageName: string | undefined): boolean {
  if (packageName !== undefined && PACKAGE_MANAGERS.has(packageName)) return true
  return /\/\.yarn\/releases\/|\/corepack\/(?:v\d+\/)?(?:npm|pnpm|yarn)\//.test(slashed(file))
}

export function isQueueLibrary(file: string): boolean {
  return QUEUE_LIBRARY.test(slashed(file))
}

/** Whether a file holds code, rather than what a tool is configured with. */
export function isServiceCode(file: string): boolean {
  const name = slashed(file).split('/').at(-1)!
  return /\.[cm]?[jt]sx?$/.test(name) && !CONFIGURATION.test(name)
}

export function isPartOf(path: string, folder: string): boolean {
  const [inner, outer] = [slashed(path), slashed(folder).replace(/\/$/, '')]
  return inner === outer || inner.startsWith(`${outer}/`)
}

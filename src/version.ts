/** Version of the package, as in package.json (a test compares them). */
export const VERSION = '0.1.0'

/** Where our own modules are, whether as they were written or bundled: a file: URL that ends in `/`. */
export const OWN_FOLDER: string = new URL('.', import.meta.url).href

/** Where something is said that is no message of ours. */
export const BARE_CHANNEL = 'bench:bare'

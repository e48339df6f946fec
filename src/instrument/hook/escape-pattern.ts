/**
 * The text as a regular expression finds it. No other character is escaped, for with the flag `u` that is an error:
 * `#`, `-` and letters beyond ASCII are parts of names. (`RegExp.escape` is not there before Node 24.)
 */
export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`)
}

/**
 * The text without anything a terminal would obey or that would hide or turn round other text: control, format and separator characters
 * become a middle dot. Whatever comes from a channel or another process passes through here on its way to the screen.
 */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, '·')
}

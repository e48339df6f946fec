/** What a person asked for cannot be done; the message is one sentence that says why, and how to go on. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  /** `asked`: it was asked for wrongly. `state`: not as things stand. */
  readonly kind: 'asked' | 'state'

  constructor(kind: ControlError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

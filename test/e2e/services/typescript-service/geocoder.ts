export interface Place {
  readonly name: string
  readonly lat: number
  readonly lon: number
}

export type Answer = { readonly found: true; readonly places: readonly Place[] } | { readonly found: false; readonly status: number }

export class Geocoder {
  readonly #upstream: string

  /** Throws unless it is given a URL. */
  constructor(upstream: string) {
    if (!URL.canParse(upstream)) throw new TypeError(`${upstream} is no URL`)
    this.#upstream = upstream
  }

  /** Throws for an address without a letter. */
  static normalise(address: string): string {
    const words = address.toLowerCase().match(/\p{L}+/gu)
    if (!words) throw new RangeError(`${JSON.stringify(address)} is no address`)
    return words.join('-')
  }

  /** A function of its own in each instance, so that it can be handed around. */
  lookup = async (address: string): Promise<Answer> => {
    const response = await fetch(`${this.#upstream}/places/${address}`)
    const body = (await response.json()) as { readonly places?: readonly Place[] }
    return response.ok ? { found: true, places: body.places ?? [] } : { found: false, status: response.status }
  }
}

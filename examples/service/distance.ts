export interface Coordinates {
  /** Degrees. */
  readonly latitude: number
  readonly longitude: number
}

const EARTH_RADIUS_METRES = 6_371_000

/** Haversine distance. */
export function distanceMetres(a: Coordinates, b: Coordinates): number {
  const rad = Math.PI / 180
  const half = (degrees: number) => Math.sin((degrees * rad) / 2) ** 2
  const h = half(b.latitude - a.latitude) + Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * half(b.longitude - a.longitude)
  return 2 * EARTH_RADIUS_METRES * Math.asin(Math.sqrt(h))
}

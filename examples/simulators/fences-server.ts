import { DEFAULT_GEOFENCES } from '../service/geofence.ts'
import type { Faults } from './faults.ts'
import { json, type Address } from './loopback-server.ts'
import { refused, siblingServer, type SiblingServer, type SiblingTraffic } from './sibling-server.ts'

/** `GET /fences`: those around which the world's trackers live. */
export function fencesServer(traffic: SiblingTraffic, faults: Faults, address: Address): SiblingServer {
  return siblingServer(traffic, 15, address, ({ request, probe }) => {
    const to = 'fences'
    if (request.method !== 'GET' || request.url !== '/fences') return refused(to, 404)
    if (!faults.pick(['fences.broken'], { probe })) return { to, answer: json({ fences: DEFAULT_GEOFENCES }) }
    const [first, ...others] = DEFAULT_GEOFENCES
    const { radiusMetres: _, ...broken } = first!
    return { to, answer: json({ fences: [broken, ...others] }), fault: 'fences.broken' }
  })
}

/** The shapes of states and severities, in a box of 16 by 16: told apart without colours. */
import type { Severity } from '../../../types.ts'
import type { ShownStatus } from '../../protocol.ts'

export type ShapeName = ShownStatus | Severity

export const SHAPES: Readonly<Record<ShapeName, string>> = {
  healthy: 'M8 1.2a6.8 6.8 0 1 0 0 13.6A6.8 6.8 0 0 0 8 1.2ZM6.9 11 3.9 8l1.2-1.2 1.8 1.8 4-4L12.1 5.8Z',
  degraded: 'M8 1.3 15.3 14.4H.7ZM7.2 6v4.2h1.6V6Zm0 5.2v1.6h1.6v-1.6Z',
  unhealthy:
    'M5 1.2h6L14.8 5v6L11 14.8H5L1.2 11V5ZM5.9 4.8 4.8 5.9 6.9 8l-2.1 2.1 1.1 1.1L8 9.1l2.1 2.1 1.1-1.1L9.1 8l2.1-2.1-1.1-1.1L8 6.9Z',
  stopped: 'M2.2 2.2h11.6v11.6H2.2ZM5.4 5.4v5.2h5.2V5.4Z',
  paused: 'M8 1.2a6.8 6.8 0 1 0 0 13.6A6.8 6.8 0 0 0 8 1.2ZM5.4 5h1.900v6H5.400Zm3.300 0h1.900v6H8.700Z',
  draining: 'M8 1.2a6.8 6.8 0 1 0 0 13.6A6.8 6.8 0 0 0 8 1.2ZM7.200 4h1.600v4.500h2.200L8 12 5 8.500h2.200Z',
  unknown:
    'M8 1.2a6.8 6.8 0 1 0 0 13.6A6.8 6.8 0 0 0 8 1.2ZM7.2 10.8h1.7v1.6H7.2Zm1.6-1.4H7.3c0-2 1.7-2 1.7-3.2 0-.6-.4-1-1-1s-1 .4-1.1 1.1L5.4 6C5.6 4.6 6.6 3.7 8 3.700c1.5 0 2.6.9 2.6 2.4 0 1.9-1.8 2-1.8 3.300Z',
  CRITICAL: 'M5 1.2h6L14.8 5v6L11 14.8H5L1.2 11V5ZM7.1 4v5h1.800V4Zm0 6.200v1.800h1.800v-1.800Z',
  WARNING: 'M8 1.3 15.3 14.4H.7ZM7.2 6v4.2h1.6V6Zm0 5.2v1.6h1.6v-1.6Z',
}

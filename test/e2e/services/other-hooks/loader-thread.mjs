/** Another product's instrumentation, the old way: hooks on a thread of their own. */
import { register } from 'node:module'

register('./transform.mjs', import.meta.url)

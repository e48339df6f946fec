/** Another product's instrumentation, the new way: hooks on the thread of the modules. */
import { registerHooks } from 'node:module'

import { withOneLineMore } from './transform.mjs'

registerHooks({ load: (url, context, nextLoad) => withOneLineMore(url, nextLoad(url, context)) })

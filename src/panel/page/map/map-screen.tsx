import type { JSX } from 'preact'

import { Link, serviceRoute } from '../parts/link.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { StatusMark } from '../parts/mark.tsx'
import type { DependencyMap, MapNode } from '../../protocol.ts'
import { useResource } from '../state/resource.ts'
import { isFresh, services } from '../state/store.ts'
import { texts } from '../texts.ts'
import { Graph } from './graph.tsx'

const words = texts.map
const EVERY_MS = 15_000
/** With more than these, whoever has no ties would hide those who have. */
const MOST_ALONE = 40

export function MapScreen(): JSX.Element {
  const news = services.value.map(({ service, status }) => `${service}${status}`).join()
  const map = useResource<DependencyMap>('map', EVERY_MS, news)
  return (
    <>
      <h1>{words.title}</h1>
      <Loaded of={map}>{(loaded) => (loaded.nodes.length === 0 ? <p class="quiet">{words.empty}</p> : <Shown map={loaded} />)}</Loaded>
    </>
  )
}

function Shown({ map: { nodes, edges } }: { readonly map: DependencyMap }): JSX.Element {
  const causes = nodes.filter(({ isCause }) => isCause)
  const tied = new Set(edges.flatMap(({ from, to }) => [from, to]))
  const drawn = nodes.length > MOST_ALONE ? nodes.filter(({ name }) => tied.has(name)) : nodes
  return (
    <>
      <section>
        <h2>{words.root}</h2>
        {causes.length === 0 ? (
          <p class={isFresh.value && nodes.every(({ status }) => status === 'healthy') ? 'fine' : 'quiet'}>{words.noRoot}</p>
        ) : (
          <ul class="roots">
            {causes.map((node) => (
              <li key={node.name}>
                <StatusMark status={node.status} /> <Name of={node} /> {node.reason !== undefined && <span>{node.reason}</span>}
              </li>
            ))}
          </ul>
        )}
      </section>
      {drawn.length > 0 && <Graph nodes={drawn} edges={edges} />}
      {drawn.length < nodes.length && <p class="quiet">{words.alone(nodes.length - drawn.length)}</p>}
      <section>
        <h2>{words.list}</h2>
        <ul class="roots">
          {nodes.map((node) => {
            const needed = edges.filter(({ from }) => from === node.name).map(({ to }) => to)
            return (
              <li key={node.name}>
                <StatusMark status={node.status} /> <Name of={node} />{' '}
                <span class="quiet">
                  {node.is === 'service' ? '' : `(${words.is[node.is]}) `}
                  {needed.length === 0 ? words.leaf : words.dependsOn(needed)}
                  {node.isCause ? `; ${words.cause}` : ''}
                </span>
              </li>
            )
          })}
        </ul>
      </section>
    </>
  )
}

function Name({ of: { name, is } }: { readonly of: MapNode }): JSX.Element {
  return is === 'service' ? <Link to={serviceRoute(name)}>{name}</Link> : <strong>{name}</strong>
}

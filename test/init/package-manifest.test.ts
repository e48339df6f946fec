import fc from 'fast-check'
import { expect, test } from 'vitest'

import { readManifest, withScript } from '../../src/init/package-manifest.ts'

const TABS = '{\n\t"name": "a",\n\t"scripts": {\n\t\t"start": "node a.js",\n\t\t"dev": "node a.js"\n\t}\n}\n'

test.for([
  { why: 'the script is changed where it stands', text: TABS, is: TABS.replace('node a.js', 'node b.js') },
  { why: 'that of a package on one line', text: '{"scripts":{"start":"node a.js"}}', is: '{"scripts":{"start":"node b.js"}}' },
  {
    why: 'one is added to others',
    text: '{\n  "scripts": {\n    "test": "x"\n  }\n}\n',
    is: '{\n  "scripts": {\n    "test": "x",\n    "start": "node b.js"\n  }\n}\n',
  },
  {
    why: 'one is added to none',
    text: '{\n    "name": "a"\n}',
    is: '{\n    "name": "a",\n    "scripts": {\n        "start": "node b.js"\n    }\n}',
  },
  { why: 'and none on one line', text: '{"name":"a"}', is: '{"name":"a","scripts":{"start":"node b.js"}}' },
])('$why', ({ text, is }) => {
  expect(withScript(text, 'start', 'node b.js')).toBe(is)
})

test('whatever the script is, it is what was asked for, and nothing else is', () => {
  const scripts = fc.dictionary(fc.constantFrom('start', 'start:prod', 'dev', 'a"b'), fc.string({ maxLength: 30 }))
  fc.assert(
    fc.property(scripts, fc.string({ maxLength: 30 }), fc.constantFrom(0, 2, '\t'), (given, command, indent) => {
      const changed = withScript(JSON.stringify({ name: 'start', scripts: given, start: 'x' }, null, indent), 'start', command)
      expect(JSON.parse(changed)).toEqual({ name: 'start', scripts: { ...given, start: command }, start: 'x' })
    }),
  )
})

test.for(['', '[]', '{', 'null', '5'])('%j is no package.json', (text) => {
  expect(readManifest(text)).toBe(undefined)
})

test('fields of another type are none', () => {
  expect(readManifest('\ufeff{"name":5,"type":"x","main":{},"scripts":[1],"dependencies":"a","workspaces":[]}')).toEqual({
    ...{ name: undefined, isModule: false, main: undefined, scripts: {}, dependencies: new Set(), hasWorkspaces: true },
  })
})

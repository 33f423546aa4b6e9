// Reads every #include of src/ and include/ and says what runs against doc/architecture.md:
// an arrow up, two files that need each other, a core that can see a clock, a socket or a class of
// the public API. First it shows itself, on a few small trees, that it finds each of these.
//   node test/includes.mjs
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

// Circles that are being mended, each by the name of one that is in it.
const known = ['room_state', 'socket_host']

const facade = ['roomwire/context.hpp', 'roomwire/room.hpp', 'roomwire/roomwire.hpp']
const isFacade = path => facade.includes(path.replace('include/', ''))

const systemHeaders =
  /^(sys\/(?!types\.h)|netinet\/|net\/|arpa\/|linux\/|netdb\.h|unistd\.h|fcntl\.h|poll\.h|thread$|mutex$|condition_variable$|future$|atomic$|random$|ctime$|time\.h|iostream$|fstream$|filesystem$|cstdio$|boost\/(asio|beast))/
const systemCalls =
  /\b(\w+_clock::now|gettimeofday|clock_gettime|random_device|getrandom|arc4random|std::time|std::rand|this_thread)\b/
// What a library wants of its caller, and why it does no harm.
const allowed = {
  'src/base/address.cpp': ['arpa/inet.h'], // inet_pton reads text and opens nothing.
  'src/rtc/dtls.cpp': ['sys/time.h'], // OpenSSL's timeouts are a timeval.
}

/** A file without its _impl and its ending: what is written in two files and is one thing. */
const thing = path => path.replace(/\.[ch]pp$/, '').replace(/_impl$/, '')

/** What src/CMakeLists.txt says, lowest first: each layer's name to those that it may see. */
function layersOf(cmake) {
  const seen = new Map()
  for (const [, words] of cmake.replace(/#.*/g, '').matchAll(/^\s*roomwire_layer\(([^)]*)\)/gm)) {
    const [name, uses] = words.split('LIBRARIES')[0].trim().split(/\s+USES\s+/)
    const direct = uses?.split(/\s+/) ?? []
    seen.set(name, new Set([name, ...direct.flatMap(each => [...(seen.get(each) ?? [each])])]))
  }
  // The program is above all; CMake says of each of its files what it sees.
  const [program, sees] = [...seen].at(-1)
  seen.set(program, new Set([...sees, ...seen.keys()]))
  return seen
}

const layerOf = (path, layers) =>
  [...layers.keys()]
    .filter(layer => path.startsWith(`src/${layer}/`))
    .sort((a, b) => b.length - a.length)[0]

/** `files`: path to text. Gives one line for each thing that is wrong. */
export function check(files, layers) {
  const findings = []
  const arrows = new Map() // from a thing to the things that it includes

  for (const [path, text] of Object.entries(files)) {
    const layer = layerOf(path, layers)
    const code = text.replace(/\/\*[^]*?\*\//g, '').replace(/\/\/.*/g, '')
    const sees = layers.get(layer)
    const isCore = sees && !sees.has('net') // Bytes and time in, outputs out.
    const isMain = path === 'src/main.cpp'
    if (path.startsWith('src/') && !isMain && !layer) findings.push(`${path} is in no layer`)

    for (const [, , name] of code.matchAll(/^#include ([<"])([^>"]+)[>"]/gm)) {
      const isPublic = name.startsWith('roomwire/')
      const target = isPublic ? `include/${name}` : `src/${name}`
      if (!(target in files)) {
        if (isCore && systemHeaders.test(name) && !allowed[path]?.includes(name))
          findings.push(`${path} sees the system: ${name}`)
        continue
      }
      const from = thing(path)
      if (from !== thing(target)) {
        if (!arrows.has(from)) arrows.set(from, new Set())
        arrows.get(from).add(thing(target))
      }
      if (isPublic) {
        const mayUse = sees?.has('client') || isFacade(path)
        if (isFacade(name) && !mayUse) findings.push(`${path} sees the facade: ${name}`)
        continue
      }
      if (!isMain && !sees?.has(layerOf(target, layers)))
        findings.push(`${path} looks up: ${name}`)
    }

    const named =
      path.startsWith('include/') &&
      !isFacade(path) &&
      code.match(/\bclass (Context|Room|Action)\b/)
    if (named) findings.push(`${path} names the class ${named[1]}`)
    const call = isCore && code.match(systemCalls)
    if (call) findings.push(`${path} asks the system: ${call[0]}`)
  }
  for (const circle of circles(arrows)) findings.push(`circle: ${circle.join(' ')}`)
  return findings.sort()
}

/** Tarjan: the sets of things each of which reaches all others of its set. */
function circles(arrows) {
  const found = []
  const numbers = new Map()
  const lows = new Map()
  const stack = []
  const visit = thing => {
    numbers.set(thing, numbers.size)
    lows.set(thing, numbers.get(thing))
    stack.push(thing)
    for (const next of arrows.get(thing) ?? []) {
      if (!numbers.has(next)) visit(next)
      if (stack.includes(next)) lows.set(thing, Math.min(lows.get(thing), lows.get(next)))
    }
    if (lows.get(thing) !== numbers.get(thing)) return
    const set = stack.splice(stack.indexOf(thing))
    if (set.length > 1) found.push(set.sort())
  }
  for (const thing of arrows.keys()) if (!numbers.has(thing)) visit(thing)
  return found
}

/** Each fault planted in a tree that is fine without it. */
function checkSelf() {
  const layers = layersOf(
    'roomwire_layer(base)\nroomwire_layer(signal USES base)\nroomwire_layer(net USES base)\n' +
      'roomwire_layer(client USES signal\n  net LIBRARIES x)\nroomwire_layer(cli USES base)\n',
  )
  const fine = {
    'include/roomwire/ids.hpp': '',
    'include/roomwire/context.hpp': '#include <roomwire/ids.hpp>\nclass Context;\n',
    'src/base/time.hpp': '#include <chrono>\n',
    'src/signal/pool.hpp': '#include "base/time.hpp"\n#include <roomwire/ids.hpp>\n',
    'src/signal/pool_impl.hpp': '#include "signal/pool.hpp"\n',
    'src/signal/pool.cpp': '#include "signal/pool.hpp"\n#include "signal/pool_impl.hpp"\n',
    'src/client/context.cpp': '#include "roomwire/context.hpp"\n#include "signal/pool.hpp"\n',
    'src/cli/run.hpp': '#include <roomwire/context.hpp>\n',
    'src/main.cpp': '#include "cli/run.hpp"\n',
  }
  const faults = {
    'src/signal/pool.hpp looks up: cli/run.hpp': {
      'src/signal/pool.hpp': '#include "cli/run.hpp"\n',
    },
    'include/roomwire/ids.hpp looks up: base/time.hpp': {
      'include/roomwire/ids.hpp': '#include "base/time.hpp"\n',
    },
    'src/signal/pool.hpp sees the facade: roomwire/context.hpp': {
      'src/signal/pool.hpp': '#include <roomwire/context.hpp>\n',
    },
    'include/roomwire/ids.hpp names the class Room': {
      'include/roomwire/ids.hpp': 'class Room;\n',
    },
    'circle: src/base/bytes src/base/time': {
      'src/base/time.hpp': '#include "base/bytes.hpp"\n',
      'src/base/bytes.hpp': '',
      'src/base/bytes.cpp': '#include "base/time.hpp"\n',
    },
    'src/signal/pool.cpp sees the system: sys/socket.h': {
      'src/signal/pool.cpp': '#include <sys/socket.h>\n',
    },
    'src/base/time.hpp asks the system: steady_clock::now': {
      'src/base/time.hpp': 'auto now() { return std::chrono::steady_clock::now(); }\n',
    },
    'src/odd/one.hpp is in no layer': { 'src/odd/one.hpp': '' },
  }
  const trees = [['', {}], ...Object.entries(faults)]
  for (const [expected, change] of trees) {
    const found = check({ ...fine, ...change }, layers).join('\n')
    if (found !== expected)
      throw new Error(`the test of the includes is blind: '${found}', expected '${expected}'`)
  }
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const files = {}
for (const folder of ['src', 'include'])
  for (const name of readdirSync(join(root, folder), { recursive: true })) {
    const path = join(root, folder, name)
    if (/\.[ch]pp$/.test(path) && statSync(path).isFile())
      files[relative(root, path)] = readFileSync(path, 'utf8')
  }
checkSelf()
const layers = layersOf(readFileSync(join(root, 'src/CMakeLists.txt'), 'utf8'))
const findings = check(files, layers)
const wrong = findings.filter(
  each => !(each.startsWith('circle') && known.some(name => each.includes(`/${name}`))),
)
for (const each of wrong) console.error(each)
if (!wrong.length) {
  const left = findings.length ? `no circle but ${findings.length} that are known` : 'no circle'
  console.log(`${Object.keys(files).length} files in ${layers.size} layers: no arrow up, ${left}`)
}
process.exit(wrong.length ? 1 : 0)

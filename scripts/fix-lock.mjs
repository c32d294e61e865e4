// Strips from package-lock.json every optional platform package that the registry did not serve, so that
// `npm ci` passes from any registry. Run it after each `npm install` that changes dependencies.
import fs from 'node:fs'

const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'))
const present = new Set(Object.keys(lock.packages).map((path) => path.split('node_modules/').pop()))
for (const entry of Object.values(lock.packages)) {
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!present.has(name)) delete entry.optionalDependencies[name]
  }
}
fs.writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)

// What the JavaScript scripts share, as integration.py does for Python.
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 120_000
const require = createRequire(import.meta.url)

export const { LOCI_HOST: HOST, LOCI_USER: USER, MEM0_API_KEY: API_KEY } = process.env

// Waits until a memory of USER is there, as adds are queued.
export async function waitUntilRemembered() {
  const deadline = Date.now() + PATIENCE_MS
  while (!(await remembered())) {
    if (Date.now() > deadline) throw new Error(`no memory after ${PATIENCE_MS} ms`)
    await sleep(100)
  }
}

// Returns how many memories of USER the server has, whatever the integration itself can find.
async function remembered() {
  const answer = await fetch(`${HOST}/v3/memories/`, {
    method: 'POST',
    headers: { Authorization: `Token ${API_KEY}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ filters: { user_id: USER } }),
  })
  return (await answer.json()).count
}

// Prints what each step gave and the versions of these packages, for driver.py.
export function report(steps, ...packages) {
  const manifests = packages.map((folder) => require(`./node_modules/${folder}/package.json`))
  const versions = Object.fromEntries(manifests.map(({ name, version }) => [name, version]))
  console.log(JSON.stringify({ versions, steps }))
}

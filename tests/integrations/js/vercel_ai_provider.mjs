// The memory functions of the AI SDK's provider, without a model. The package's generation is the argument.
import { API_KEY, HOST, USER, report, waitUntilRemembered } from './integration.mjs'

const name = `vercel-ai-provider-${process.argv[2]}`
const { addMemories, getMemories, retrieveMemories, searchMemories } = await import(name)

const config = { user_id: USER, mem0ApiKey: API_KEY, host: HOST }
const question = [{ role: 'user', content: [{ type: 'text', text: 'Which city do I live in?' }] }]
const added = await addMemories([{ role: 'user', content: [{ type: 'text', text: 'I live in Lisbon.' }] }], config)
await waitUntilRemembered()

const steps = {
  addMemories: added,
  retrieveMemories: await retrieveMemories(question, config),
  getMemories: await getMemories(question, config),
  searchMemories: await searchMemories('Which city do I live in?', config),
}
report(steps, name)

// LangChain's chat memory: it saves a turn, and puts memories into the variables of a prompt.
import { Mem0Memory } from '@langchain/community/memory/mem0'
import { API_KEY, HOST, USER, report, waitUntilRemembered } from './integration.mjs'

const options = { apiKey: API_KEY, sessionId: USER, mem0Options: { host: HOST } }
const memory = new Mem0Memory(options)
const saved = await memory.saveContext({ input: 'I live in Lisbon.' }, { output: 'A lovely city!' })
await waitUntilRemembered()

const question = { input: 'Which city do I live in?' }
const asMessages = new Mem0Memory({ ...options, returnMessages: true, separateMessages: true })
const { history } = await asMessages.loadMemoryVariables(question)
const steps = {
  'Mem0Memory.saveContext': saved ?? null,
  'Mem0Memory.loadMemoryVariables of a question': (await memory.loadMemoryVariables(question)).history,
  'Mem0Memory.loadMemoryVariables of nothing': (await memory.loadMemoryVariables({})).history,
  'Mem0Memory.loadMemoryVariables as messages': history.map((message) => [message.getType(), message.content]),
}
report(steps, '@langchain/community', 'mem0ai')

// Drives the official JavaScript client, as ../python/drive.py drives the Python ones: `node drive.mjs VERSION HOST`.
// The tests speak Python's names. Since 3.0 the client has JavaScript's: they are translated here, both ways.

import { createInterface } from "node:readline";

const [version, host] = process.argv.slice(2);
const { MemoryClient } = await import(`mem0ai-${version}`);
const speaksCamelCase = parseInt(version) >= 3;

const toCamel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const toSnake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const renameKeys = (object, rename) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [rename(key), value]));

// What the client leaves as it is: names in these are the application's own.
const VERBATIM = new Set(["metadata", "profile", "schema"]);

function pythonNames(value) {
  if (Array.isArray(value)) return value.map(pythonNames);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [toSnake(key), VERBATIM.has(key) ? inner : pythonNames(inner)]),
  );
}

const publicMethods = () =>
  Object.getOwnPropertyNames(MemoryClient.prototype).filter((name) => name !== "constructor" && !name.startsWith("_"));

async function outcome(action) {
  try {
    const result = (await action()) ?? null;
    return { result: speaksCamelCase ? pythonNames(result) : result };
  } catch (error) {
    return { error: { type: error.name, message: error.message, details: error.details ?? null } };
  }
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const construct = (options) =>
  new MemoryClient({ apiKey: process.env.MEM0_API_KEY, host, ...renameKeys(options, toCamel) });

async function identity(options) {
  const client = construct(options);
  await client.ping();
  return { org_id: client.organizationId, project_id: client.projectId };
}

const client = construct({});
say({ result: publicMethods().map(toSnake) });
for await (const line of createInterface({ input: process.stdin })) {
  const { method, args, kwargs } = JSON.parse(line);
  const options = speaksCamelCase ? renameKeys(kwargs, toCamel) : kwargs;
  const given = Object.keys(options).length ? [...args, options] : args;
  say(await outcome(() => (method === "constructor" ? identity(kwargs) : client[toCamel(method)](...given))));
}

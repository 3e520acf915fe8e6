// Drives the official JavaScript client, as ../python/drive.py drives the Python ones: `node drive.mjs HOST`.
// The tests speak Python's names; they become JavaScript's here, and JavaScript's answers Python's.

import { createInterface } from "node:readline";
import { MemoryClient } from "mem0ai";

const toCamel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const toSnake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const renameKeys = (object, rename) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [rename(key), value]));

function pythonNames(value) {
  if (Array.isArray(value)) return value.map(pythonNames);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [toSnake(key), key === "metadata" ? inner : pythonNames(inner)]),
  );
}

const publicMethods = () =>
  Object.getOwnPropertyNames(MemoryClient.prototype).filter((name) => name !== "constructor" && !name.startsWith("_"));

async function outcome(action) {
  try {
    return { result: pythonNames((await action()) ?? null) };
  } catch (error) {
    return { error: { type: error.name, message: error.message, details: error.details ?? null } };
  }
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const client = new MemoryClient({ apiKey: process.env.MEM0_API_KEY, host: process.argv[2] });
say(
  await outcome(async () => {
    await client.ping();
    const methods = publicMethods().map(toSnake);
    return { orgId: client.organizationId, projectId: client.projectId, methods };
  }),
);
for await (const line of createInterface({ input: process.stdin })) {
  const { method, args, kwargs } = JSON.parse(line);
  const options = Object.keys(kwargs).length ? [renameKeys(kwargs, toCamel)] : [];
  say(await outcome(() => client[toCamel(method)](...args, ...options)));
}

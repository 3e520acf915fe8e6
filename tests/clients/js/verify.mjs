// Verifies messages with the npm package of Standard Webhooks: each line of the input is one, and each of the output says
// whether it is genuine.

import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";

function isGenuine({ secret, body, headers }) {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

for await (const line of createInterface({ input: process.stdin })) console.log(isGenuine(JSON.parse(line)));

// Ask an emulator for installation tokens with GitHub's own client for Apps.
//
// Usage: node octokit.mjs NODE_MODULES < ready.json; prints what the client was given, as JSON.
// The client comes from a folder outside this one, so its entry is looked up in its package.json.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

async function load(name) {
  const folder = join(process.argv[2], name);
  const { exports, main, module } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const entry = exports?.["."]?.import ?? exports?.["."]?.default ?? module ?? main;
  return import(pathToFileURL(join(folder, entry)).href);
}

const ready = JSON.parse(readFileSync(0, "utf8"));
const { createAppAuth } = await load("@octokit/auth-app");
const { request } = await load("@octokit/request");

const auth = createAppAuth({
  appId: process.env.BY_CLIENT_ID ? ready.client_id : ready.app_id,
  privateKey: readFileSync(ready.private_key_file, "utf8"),
  request: request.defaults({ baseUrl: ready.api_url }),
});

const authenticated = request.defaults({ baseUrl: ready.api_url, request: { hook: auth.hook } });
const app = (await authenticated("GET /app")).data;

const installationId = ready.installations[0].id;
const got = { app };
if (!process.env.APP_ONLY) {
  got.whole = await auth({ type: "installation", installationId });
  got.narrowed = await auth({
    type: "installation",
    installationId,
    repositoryNames: ["app"],
    permissions: { contents: "read" },
  });
  const former = { owner: "acme", repo: "former" };
  got.found = (await authenticated("GET /repos/{owner}/{repo}/installation", former)).data;
  try {
    await auth({ type: "installation", installationId, repositoryNames: ["nothing"] });
  } catch (error) {
    got.refusal = { status: error.status, message: error.message };
  }
}
console.log(JSON.stringify(got));

// better-auth with its jwt and organization plugins; the argument is the package to load
// it from. The first line on stdout is its URL; then a line on stdin is a command,
// answered by a line on stdout.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const name = process.argv[2] ?? 'better-auth';
const { betterAuth } = await import(name);
const { memoryAdapter } = await import(`${name}/adapters/memory`);
const { toNodeHandler } = await import(`${name}/node`);
const { jwt, organization } = await import(`${name}/plugins`);

const say = console.log;
// It has a log of its own, which is not for stdout.
console.log = console.info = console.error;

const DAY = 24 * 3600;

const tables = [
  'user', 'session', 'account', 'verification', 'jwks', 'organization', 'member', 'invitation',
];
const database = Object.fromEntries(tables.map((table) => [table, []]));

/** The roles of a session's user in the organization that is active in it. */
function roles({ userId, activeOrganizationId }) {
  return database.member.find(
    (member) => member.userId === userId && member.organizationId === activeOrganizationId,
  )?.role.split(',');
}

/** Invalid tokens for the tests, chosen by a part of the user's name. */
function oddity(user) {
  return {
    ...(user.name.includes('elsewhere') && { aud: 'elsewhere' }),
    ...(user.name.includes('expired') && { exp: Math.floor(Date.now() / 1000) - DAY }),
  };
}

const server = createServer((request, response) => handle(request, response));
let handle;
server.listen(0, '127.0.0.1', () => {
  const baseURL = `http://127.0.0.1:${server.address().port}`;
  const auth = betterAuth({
    baseURL,
    database: memoryAdapter(database),
    emailAndPassword: { enabled: true },
    plugins: [
      organization(),
      jwt({
        jwt: {
          issuer: baseURL,
          audience: 'storage',
          definePayload: ({ user, session }) => ({
            org: { id: session.activeOrganizationId, roles: roles(session) },
            ...oddity(user),
          }),
        },
      }),
    ],
    rateLimit: { enabled: false },
    secret: 'encrypts keys and signs cookies of a test',
    telemetry: { enabled: false },
  });
  const commands = {
    /** A token for a machine that acts for the organization whose slug follows. */
    machine: async (slug) => {
      const { id } = database.organization.find((one) => one.slug === slug);
      const { token } = await auth.api.signJWT({ body: { payload: { org: { id } } } });
      return token;
    },
  };
  handle = toNodeHandler(auth);
  say(baseURL);
  createInterface(process.stdin).on('line', async (line) => {
    const [command, ...rest] = line.split(' ');
    say(await commands[command](...rest));
  }).on('close', () => process.exit());
});

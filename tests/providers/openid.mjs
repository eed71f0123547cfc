// An OpenID provider whose users log in with their name alone. Its issuer has a
// path. The first line on stdout is its issuer; then a line on stdin is a command,
// answered by a line on stdout.

import { generateKeyPair } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const say = console.log;
// The provider warns at length that this is not a setup for production.
Object.assign(console, { info() {}, warn() {} });
const { Provider } = await import('oidc-provider');

/** The claims of a user's access token besides the user. */
const users = {
  ann: { org_id: 'x', roles: ['admin'] },
  ben: { org_id: 'x', roles: ['member'] },
  cleo: { org_id: 'y', roles: ['admin'] },
};

/** The tokens that can be requested, by resource indicator (RFC 8707). */
const resources = {
  'urn:storage:rs256': { audience: 'storage', alg: 'RS256' },
  'urn:storage:es256': { audience: 'storage', alg: 'ES256' },
  'urn:elsewhere:rs256': { audience: 'elsewhere', alg: 'RS256' },
  'urn:elsewhere:es256': { audience: 'elsewhere', alg: 'ES256' },
};

const MOUNT = '/oidc';

async function newKeys() {
  const rsa = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const ec = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  return [['RS256', rsa], ['ES256', ec]].map(([alg, { privateKey }]) => ({
    ...privateKey.export({ format: 'jwk' }), alg, use: 'sig',
  }));
}

/** The first key of an algorithm signs, the others are only published. */
function provider(issuer, keys) {
  return new Provider(issuer, {
    clients: [
      {
        client_id: 'web',
        redirect_uris: ['https://app.example/callback'],
        token_endpoint_auth_method: 'none',
      },
      {
        client_id: 'machine',
        client_secret: 'known-to-the-machine-alone',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    cookies: { keys: ['signs cookies'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
    extraTokenClaims: (_, token) => (token.kind === 'AccessToken' ? users[token.accountId] : { org_id: 'x' }),
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, indicator) => {
          const { audience, alg } = resources[indicator];
          return { audience, scope: 'expired', accessTokenFormat: 'jwt', jwt: { sign: { alg } } };
        },
      },
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    formats: {
      customizers: {
        jwt: (_, token, { payload }) => {
          // A token that has already expired cannot be requested.
          if (token.scope === 'expired') payload.exp -= 24 * 3600;
        },
      },
    },
    jwks: { keys },
  });
}

let keys;
let handle;
let away = false;
let fetches = 0;

const server = createServer((request, response) => {
  if (away || !request.url.startsWith(MOUNT)) {
    request.socket.destroy();
    return;
  }
  // The provider reads its mount path from these two.
  request.originalUrl = request.url;
  request.url = request.url.slice(MOUNT.length);
  if (request.url === '/jwks') fetches += 1;
  handle(request, response);
});
server.listen(0, '127.0.0.1', async () => {
  const issuer = `http://127.0.0.1:${server.address().port}${MOUNT}`;
  const reload = (newer) => {
    keys = newer;
    handle = provider(issuer, keys).callback();
  };
  const commands = {
    /** Publishes new keys, which do not sign yet. */
    add: async () => reload([...keys, ...await newKeys()]),
    /** Signs with the newest keys. */
    use: () => reload([...keys.slice(-2), ...keys.slice(0, -2)]),
    /** Publishes only the keys that sign. */
    remove: () => reload(keys.slice(0, 2)),
    /** Closes every connection without a response, until it is back. */
    leave: () => { away = true; },
    back: () => { away = false; },
    /** How many times the keys have been requested. */
    fetches: () => fetches,
  };
  reload(await newKeys());
  say(issuer);
  createInterface(process.stdin).on('line', async (line) => {
    say(await commands[line]() ?? 'done');
  }).on('close', () => process.exit());
});

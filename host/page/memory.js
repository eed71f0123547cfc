// Uploads that were begun, in localStorage, so that they go on after a reload. The browser forgets the
// files themselves, so the user chooses those again.

const KEY = 'coffer.uploads';
const MAX_AGE = 7 * 24 * 3600_000;

const read = () => Object.entries(JSON.parse(localStorage.getItem(KEY) ?? '{}')).filter(([, { at }]) => at > Date.now() - MAX_AGE);

const write = (change) => localStorage.setItem(KEY, JSON.stringify({ ...Object.fromEntries(read()), ...change }));

// What tells that it is the same file for the same place.
export const keyOf = ({ endpoint, folder, name, file }) => JSON.stringify([endpoint, folder, name, file.size, file.lastModified]);

export const find = (key) => read().find(([other]) => other === key)?.[1].url;

export const keep = (key, url) => write({ [key]: { url, at: Date.now() } });

export const forget = (key) => write({ [key]: undefined });

export const all = () => read().map(([key]) => {
	const [endpoint, folder, name, size] = JSON.parse(key);
	return { key, endpoint, folder, name, size };
});

// Begun uploads, to go on after a reload; the user chooses the files again.

import { who } from './session.js';

const KEY = 'coffer.uploads';
const MAX_AGE = 7 * 24 * 3600_000;

const read = () => Object.entries(JSON.parse(localStorage.getItem(KEY) ?? '{}')).filter(([, { at }]) => at > Date.now() - MAX_AGE);

const write = (change) => localStorage.setItem(KEY, JSON.stringify({ ...Object.fromEntries(read()), ...change }));

// The same for the same file, place and user.
export const keyOf = ({ endpoint, folder, name, file, guest }) =>
	JSON.stringify([endpoint, folder, name, file.size, file.lastModified, guest ? null : who()]);

export const find = (key) => read().find(([other]) => other === key)?.[1].url;

export const keep = (key, url) => write({ [key]: { url, at: Date.now() } });

export const forget = (key) => write({ [key]: undefined });

export const all = () => read().map(([key]) => {
	const [endpoint, folder, name, size, , owner] = JSON.parse(key);
	return { key, endpoint, folder, name, size, owner };
});

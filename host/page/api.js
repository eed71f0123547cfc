// Requests to the public API, and errors in the server's words.

import { encoded } from './format.js';
import * as session from './session.js';
import { t } from './texts.js';

// A problem document (RFC 9457), or status 0 if there was no answer.
export class ApiError extends Error {
	constructor(status, text) {
		let problem = {};
		try {
			problem = JSON.parse(text);
		} catch {
			// A proxy has answered.
		}
		const { file, title, detail, type } = problem;
		super([file, title, detail].filter(Boolean).join(': ') || (status ? t.noReason(status) : t.offline));
		this.status = status;
		this.type = type?.split(/[/#]/).pop();
	}
}

// A URL of this server, whatever it calls itself, as it is reached from here.
export const local = (url) => new URL(url.slice(url.indexOf('/v1/') + 1), document.baseURI).href;

// If the token is refused, asks the user for another one.
export async function request(path, { json, headers, ask = true, ...more } = {}) {
	for (;;) {
		const token = session.token();
		const answer = await fetch(local(`/v1/${path}`), {
			...more, credentials: 'omit', headers: { ...headers, ...session.authorization() }, body: json && JSON.stringify(json),
		}).catch((error) => { throw error.name === 'AbortError' ? error : new ApiError(0); });
		if (answer.ok) return answer.json();
		const error = new ApiError(answer.status, await answer.text());
		if (error.status !== 401 || !ask || !await session.renew(error, token)) throw error;
	}
}

export const post = (path, json) => request(path, { method: 'POST', json });

export function list(area, prefix, cursor, signal) {
	const query = new URLSearchParams({ prefix, delimiter: '/', limit: 200, ...(cursor && { cursor }) });
	return request(`${area}/files?${query}`, { signal, ask: Boolean(session.token()) });
}

// URLs that need no token, of up to 100 files; what cannot be read has none.
export async function urls(area, names) {
	const made = await post(`${area}/urls`, { names });
	return new Map(made.urls.filter(({ url }) => url).map(({ name, url }) => [name, local(url)]));
}

export const link = (area, name, wanted) => post(`${area}/urls/${encoded(name)}`, wanted);

export const info = (area, name, more) => request(`${area}/info/${encoded(name)}`, more);

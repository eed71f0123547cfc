// Requests to the public API, with the session's token, and errors in the server's words.

import { encoded } from './format.js';
import * as session from './session.js';
import { t } from './texts.js';

// Why a request failed: a problem document (RFC 9457), or status 0 if there was no answer.
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

// A URL of this server as it is reached from here, whatever it calls itself.
export const local = (url) => new URL(url.slice(url.indexOf('/v1/') + 1), document.baseURI).href;

// Sends a request below `/v1/`. If the token is refused, the user is asked for another one.
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

// A page of the files and folders whose names begin with this.
export function list(area, prefix, cursor, signal) {
	const query = new URLSearchParams({ prefix, delimiter: '/', limit: 200, ...(cursor && { cursor }) });
	return request(`${area}/files?${query}`, { signal, ask: Boolean(session.token()) });
}

// URLs without a token for up to 100 files; those that cannot be read are left out.
export async function urls(area, names) {
	const made = await post(`${area}/urls`, { names });
	return new Map(made.urls.filter(({ url }) => url).map(({ name, url }) => [name, local(url)]));
}

export const link = (area, name, wanted) => post(`${area}/urls/${encoded(name)}`, wanted);

export const info = (area, name, more) => request(`${area}/info/${encoded(name)}`, more);

export const amend = (area, { name, etag }, metadata) =>
	info(area, name, { method: 'PATCH', json: { metadata }, headers: { 'if-match': etag } });

// One resumable upload, by tus 1.0.0. A lost connection and a busy server only make it wait.

import { ApiError, local } from './api.js';
import * as memory from './memory.js';
import * as session from './session.js';
import { t } from './texts.js';

// Bytes of a request, which proxies limit.
const CHUNK = 64 << 20;
// Milliseconds without progress until a connection counts as lost.
const STALL = 60_000;
const MAX_WAIT = 15_000;
// 0 is no answer.
const TRANSIENT = [0, 408, 423, 502, 503, 504];

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

export class Upload {
	// `tell` is called with its state and what has been sent.
	constructor(item, tell) {
		Object.assign(this, { item, tell, url: memory.find(item.key), waited: 0 });
	}

	async run() {
		const { file } = this.item;
		while (!this.isCancelled) {
			try {
				let offset = this.url ? await this.send('HEAD', this.url) : await this.begin();
				while (offset < file.size) offset = await this.append(offset);
				memory.forget(this.item.key);
				// For who has stored a public file without a token.
				this.item.edit = this.request.getResponseHeader('link')?.match(/<(.+)>; rel="edit"/)?.[1];
				return true;
			} catch (error) {
				if (!this.isCancelled) await this.recover(error);
			}
		}
		return false;
	}

	cancel() {
		this.isCancelled = true;
		this.request?.abort();
		this.wake?.();
		if (!this.url) return;
		memory.forget(this.item.key);
		this.send('DELETE', this.url).catch(() => {});
	}

	async begin() {
		const { file, folder, name, replace, endpoint } = this.item;
		const pairs = Object.entries({ filename: name, folder: folder.slice(0, -1), filetype: file.type, replace: replace && 'true' });
		const offset = await this.send('POST', local(`/v1/${endpoint}`), {
			'upload-length': file.size,
			'upload-metadata': pairs.flatMap(([key, value]) => (value ? `${key} ${base64(value)}` : [])).join(),
		});
		this.url = local(this.request.getResponseHeader('location'));
		// The user may have signed in meanwhile.
		this.item.key = memory.keyOf(this.item);
		memory.keep(this.item.key, this.url);
		return offset;
	}

	async append(offset) {
		const { file } = this.item;
		const fields = { 'upload-offset': offset, 'content-type': 'application/offset+octet-stream' };
		const now = await this.send('PATCH', this.url, fields, file.slice(offset, offset + CHUNK), (sent) => {
			this.tell(offset + sent < file.size ? 'sending' : 'finishing', offset + sent);
		});
		this.waited = 0;
		return now;
	}

	// Waits until what was in the way may be gone, or throws.
	async recover(error) {
		const { status, type } = error;
		const { key, guest, file } = this.item;
		if (status === 401 && !guest) {
			this.tell('signedOut');
			if (await session.renew(error, this.token)) return;
		} else if (status === 404 && this.url) {
			// It has expired: from the beginning.
			memory.forget(key);
			this.url = null;
			return;
		} else if (TRANSIENT.includes(status) || type === 'mismatching-upload-offset') {
			// A file that is gone looks like a connection that is.
			if (!status) await file.slice(0, 1).arrayBuffer().catch(() => { throw new Error(t.unreadable); });
			this.tell(status ? 'busy' : 'lost');
			this.waited = Math.min(MAX_WAIT, this.waited * 2 || 500);
			await new Promise((resolve) => {
				this.wake = resolve;
				addEventListener('online', resolve, { once: true });
				setTimeout(resolve, this.waited);
			});
			return;
		} else if (status < 500) memory.forget(key);
		throw error;
	}

	// Resolves with the offset. Not by fetch, which tells no progress.
	send(method, url, fields, body, progress) {
		const request = new XMLHttpRequest();
		const begun = Date.now();
		const wait = () => { request.timeout = Date.now() - begun + STALL; };
		this.token = session.token();
		request.open(method, url);
		const all = { 'tus-resumable': '1.0.0', ...(!this.item.guest && session.authorization()), ...fields };
		for (const name in all) request.setRequestHeader(name, all[name]);
		request.upload.onprogress = ({ loaded }) => {
			wait();
			// One may come after the answer.
			if (request.readyState < 4) progress?.(loaded);
		};
		if (method !== 'DELETE') this.request = request;
		return new Promise((resolve, reject) => {
			request.onloadend = () => {
				const { status, responseText } = request;
				if (status >= 200 && status < 300) resolve(Number(request.getResponseHeader('upload-offset')));
				else reject(new ApiError(status, responseText));
			};
			wait();
			request.send(body);
		});
	}
}

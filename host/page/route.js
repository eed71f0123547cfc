// Where the page is, in the fragment of its URL, which browsers send to no server: `#/AREA/FOLDER/`,
// or `#/drop/TOKEN/` to hand in files by a link.

import { encoded } from './format.js';
import { token } from './session.js';

export const AREAS = ['public', 'user', 'org'];

export const hash = (area, folder = '') => `#/${area}/${encoded(folder)}`;

// The page that uses a link to upload by, whose URL this is.
export const guestPage = (url) => new URL(`#/drop/${url.split('/v1/links/')[1]}`, document.baseURI).href;

// `{ area, folder }`, or the path of a link to upload by below `/v1/`, `{ link }`.
export function current() {
	const [, first, ...rest] = location.hash.split('/');
	if (first === 'drop') return { link: `links/${rest.join('/')}` };
	const area = AREAS.includes(first) ? first : token() ? 'user' : 'public';
	try {
		return { area, folder: rest.map(decodeURIComponent).join('/').replace(/([^/])$/, '$1/') };
	} catch {
		return { area, folder: '' };
	}
}

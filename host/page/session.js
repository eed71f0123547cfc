// Who is signed in. The token outlives a reload, not the tab. Without cookies, no other site can send
// requests in the user's name.

import { Teller, dialog, el, field, input } from './dom.js';
import { t } from './texts.js';

const TOKEN = 'coffer.token';
const LAST = 'coffer.last';

export const changes = new Teller();
let isDevelopment;
let asking;
let declined;

export async function start() {
	isDevelopment = (await (await fetch('page/settings.json')).json()).development;
}

export const token = () => sessionStorage.getItem(TOKEN);

export const authorization = () => token() && { authorization: `Bearer ${token()}` };

function keep(next) {
	const store = () => sessionStorage.setItem(TOKEN, next);
	if (token() && who() !== who(next)) {
		// Nothing that somebody has begun goes on as somebody else.
		addEventListener('pagehide', store);
		addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), true);
		location.reload();
		return;
	}
	store();
	changes.tell('change');
}

export const signOut = () => keep('');

// As the token says; only the server can verify it.
export function who(jwt = token()) {
	try {
		const claims = atob(jwt.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'));
		const bytes = Uint8Array.from(claims, (byte) => byte.charCodeAt(0));
		const { sub, email, org_id: org } = JSON.parse(new TextDecoder().decode(bytes));
		return t.signedInAs(email ?? sub, org);
	} catch {
		return t.signedIn;
	}
}

// Asks for another token than `used`, unless that was declined. Returns whether there is one.
export async function renew({ message }, used) {
	if (token() === used && used !== declined) {
		asking ??= signIn(`${message} ${t.states.signedOut}`).finally(() => {
			asking = null;
			if (token() === used) declined = used;
		});
		await asking;
	}
	return Boolean(token()) && token() !== used;
}

export function signIn(reason) {
	const pasted = el('textarea', { rows: 4, spellcheck: 'false' });
	const last = JSON.parse(sessionStorage.getItem(LAST) ?? '{"user":"alice","org":"acme"}');
	const [user, org] = [last.user, last.org].map((value) => input({ value }));
	let content = field(t.token, pasted, t.tokenHelp);
	if (isDevelopment) {
		content = [el('p', {}, t.development), field(t.userName, user), field(t.orgName, org),
			el('details', {}, el('summary', {}, t.pasteInstead), content)];
	}
	const submit = async () => {
		const text = pasted.value.trim();
		if (isDevelopment && !text) keep(await made({ user: user.value, org: org.value }));
		else if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) keep(text);
		else throw new Error(t.notAToken);
	};
	return new Promise((close) => {
		dialog(t.signIn, [reason && el('p.problem', {}, reason), content], { submit, action: t.signIn, close });
	});
}

async function made(whom) {
	const body = JSON.stringify(whom);
	sessionStorage.setItem(LAST, body);
	const answer = await fetch('page/token', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
	const { token, title, detail } = await answer.json();
	if (!token) throw new Error(`${title}: ${detail}`);
	return token;
}

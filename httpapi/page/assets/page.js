// Makes a page live: on events of the server it fetches the page's parts again and replaces those that differ. It shows
// times in the browser's zone. Without it every page works, and stands still.

const main = document.getElementById('main');
const announce = document.getElementById('announce');
const connection = document.getElementById('connection');
const language = document.documentElement.lang;
const ago = JSON.parse(document.documentElement.dataset.ago);
const exact = new Intl.DateTimeFormat(language, {dateStyle: 'medium', timeStyle: 'long'});
const clock = {
  s: new Intl.DateTimeFormat(language, {hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23'}),
  min: new Intl.DateTimeFormat(language, {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'}),
};

// The one place where a text becomes HTML: an answer of this address, whose texts the server has escaped.
const trusted = window.trustedTypes?.createPolicy('phoneprov', {createHTML: text => text}) ?? {createHTML: text => text};

// since returns how long ago a time was, in the words of the server.
function since(at) {
  const seconds = Math.floor((Date.now() - at) / 1000);
  if (seconds < 5) return ago.now;
  if (seconds < 60) return ago.s.replace('%d', seconds);
  if (seconds < 3600) return ago.min.replace('%d', Math.floor(seconds / 60));
  if (seconds < 48 * 3600) return ago.h.replace('%d', Math.floor(seconds / 3600));
  return ago.d.replace('%d', Math.floor(seconds / 86400));
}

function showTimes(within = document) {
  for (const time of within.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime);
    if (isNaN(at)) continue;
    const text = 'clock' in time.dataset ? clock[time.dataset.clock].format(at) : since(at);
    if (time.textContent !== text) time.textContent = text;
    time.title = exact.format(at);
  }
}

// keep remembers what a person did to a part: open details, and where the focus is.
function keep(part) {
  const open = [...part.querySelectorAll('details[open][id]')].map(d => d.id);
  const focus = part.contains(document.activeElement) ? document.activeElement : null;
  const at = focus && (focus.id ? '#' + CSS.escape(focus.id) : focus.getAttribute('href') ? `a[href="${CSS.escape(focus.getAttribute('href'))}"]` : null);
  const scroll = [...part.querySelectorAll('.scroll, pre')].map(e => [e.scrollLeft, e.scrollTop]);
  return () => {
    for (const id of open) document.getElementById(id)?.setAttribute('open', '');
    if (at) document.querySelector(`[id="${part.id}"] ${at}`)?.focus({preventScroll: true});
    document.getElementById(part.id).querySelectorAll('.scroll, pre').forEach((e, i) => scroll[i] && e.scrollTo(...scroll[i]));
  };
}

// busy reports whether a person selects text in a part or types in it. The part is replaced later.
function busy(part) {
  const selection = document.getSelection();
  if (selection && !selection.isCollapsed && part.contains(selection.anchorNode)) return true;
  return part.contains(document.activeElement) && /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
}

const shown = new Map(); // the HTML of each part as the server sent it

function replace(part, next) {
  const html = next.outerHTML;
  if (shown.get(part.id) === html) return true;
  if (busy(part)) return false;
  const restore = keep(part);
  shown.set(part.id, html);
  const before = new Set([...part.querySelectorAll('[data-row]')].map(row => row.dataset.row));
  const said = part.dataset.say;
  part.replaceWith(next);
  showTimes(next);
  if (before.size) {
    for (const row of next.querySelectorAll('[data-row]')) if (!before.has(row.dataset.row)) row.classList.add('changed');
  }
  restore();
  if (next.dataset.say && next.dataset.say !== said) announce.textContent = next.dataset.say;
  return true;
}

let fetching = false, again = false, paused = false, timer = 0;
let pace = 500; // milliseconds between two fetches: a burst of events is one. A slow answer makes it longer.

function changed() {
  if (paused) return;
  if (fetching) {
    again = true;
    return;
  }
  if (!timer) timer = setTimeout(refresh, pace);
}

async function refresh() {
  timer = 0;
  fetching = true;
  const begun = performance.now();
  try {
    const answer = await fetch(main.dataset.from, {headers: {'Phoneprov-Fragment': '1'}, credentials: 'same-origin', redirect: 'error'});
    if (answer.ok && !paused) {
      const next = new DOMParser().parseFromString(trusted.createHTML(await answer.text()), 'text/html');
      for (const part of document.querySelectorAll('[data-live]')) {
        const to = next.getElementById(part.id);
        if (to && !replace(part, document.importNode(to, true))) again = true;
      }
    }
  } catch {
    again = false; // the stream says that the connection is lost, and fetches when it is back
  } finally {
    fetching = false;
    pace = Math.max(500, 5 * (performance.now() - begun));
  }
  if (again) {
    again = false;
    timer = setTimeout(refresh, 2 * pace);
  }
}

function say(what) {
  const text = connection.dataset[what + 'Text'];
  if (connection.textContent !== text) connection.textContent = text;
  connection.dataset.is = what;
}

function listen() {
  const stream = new EventSource('/api/v1/events?what=' + main.dataset.events);
  let lost = false;
  stream.onopen = () => {
    if (!paused) say('live');
    if (lost) changed();
    lost = false;
  };
  stream.onerror = () => {
    lost = true;
    say('lost');
  };
  for (const name of ['event', 'sync', 'request', 'lost']) stream.addEventListener(name, changed);
  addEventListener('pagehide', () => stream.close());
}

for (const button of document.querySelectorAll('button[data-pause]')) {
  button.hidden = false;
  button.addEventListener('click', () => {
    paused = !paused;
    button.setAttribute('aria-pressed', paused);
    say(paused ? 'paused' : 'live');
    if (!paused) changed();
  });
}

for (const button of document.querySelectorAll('button[data-copy]')) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    announce.textContent = button.dataset.copied;
    button.textContent = button.dataset.copied;
  });
}

showTimes();
setInterval(showTimes, 15000);
if (main.dataset.events) listen();
addEventListener('pageshow', event => event.persisted && location.reload());

// Keeps the page's own files, so that it opens without a network. What is said is kept by the library, not here.

/** Both written by scripts/build-page.mjs: a name for exactly these files. */
declare const VERSION: string;
declare const FILES: string[];

const worker = self as unknown as ServiceWorkerGlobalScope;
/** Another Parley below another path of this origin has caches of its own. No address has a blank in it. */
const prefix = `parley-page ${worker.registration.scope} `;
const cacheName = prefix + VERSION;
/** Longer than that, and what is kept is shown. */
const patienceMs = 3_000;

const install = async () => {
  const cache = await caches.open(cacheName);
  // The names of emoji come when they are asked for; pictures of the icon are for the system, which keeps its own.
  await cache.addAll(['./', ...FILES.filter(file => !file.startsWith('emoji/') && !file.endsWith('.png'))]);
  // While servers are being replaced, another version may have answered: the next visit tries again.
  const html = await (await cache.match('./'))?.text();
  if (!FILES.every(file => !file.startsWith('assets/main-') || html?.includes(file)))
    throw new Error('The page is not of the version of this worker.');
};

const forgetOthers = async () => {
  const names = await caches.keys();
  await Promise.all(
    names.filter(name => name.startsWith(prefix) && name !== cacheName).map(name => caches.delete(name)),
  );
};

/** The newest page there is; the kept one where the network is away or slow. */
const page = async (request: Request) => {
  const kept = await (await caches.open(cacheName)).match('./');
  if (!kept) return fetch(request);
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), patienceMs);
  try {
    const answer = await fetch(request, { signal: waiting.signal });
    // Whoever stands before the server may send people elsewhere first, as to sign in there.
    return answer.ok || answer.type === 'opaqueredirect' ? answer : kept;
  } catch {
    return kept;
  } finally {
    // What has begun to come may take its time.
    clearTimeout(timer);
  }
};

const file = async (event: FetchEvent) => {
  const { request } = event;
  const cache = await caches.open(cacheName);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  // Where nothing more can be kept, it is shown nevertheless.
  if (answer.ok) event.waitUntil(cache.put(request, answer.clone()).catch(error => console.warn(error)));
  return answer;
};

worker.addEventListener('install', event => event.waitUntil(install()));
// The window of the first visit, too, so that notifications lead to it.
worker.addEventListener('activate', event => event.waitUntil(forgetOthers().then(() => worker.clients.claim())));

worker.addEventListener('fetch', event => {
  const { request } = event;
  const { scope } = worker.registration;
  if (request.method !== 'GET' || !request.url.startsWith(scope)) return;
  const [path = ''] = request.url.slice(scope.length).split(/[?#]/);
  if (request.mode === 'navigate' && path === '') event.respondWith(page(request));
  else if (FILES.includes(path)) event.respondWith(file(event));
});

const withoutPlace = (url: string) => url.split('#')[0];

// Whoever is told of a message in a notification comes to it.
worker.addEventListener('notificationclick', event => {
  event.notification.close();
  const { url } = event.notification.data as { url?: string };
  if (url === undefined) return;
  event.waitUntil(
    worker.clients.matchAll({ type: 'window' }).then(async windows => {
      // A guest's window, which its address tells, is another person's.
      const first = windows.find(each => withoutPlace(each.url) === withoutPlace(url));
      if (!first) return void (await worker.clients.openWindow(url));
      await first.focus();
      await first.navigate(url);
    }),
  );
});

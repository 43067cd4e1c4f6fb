// Keeps the page's own files, so that it opens without a network. What is said is kept by the library, not here.

/** Both written by scripts/build-page.mjs: a name for exactly these files. */
declare const VERSION: string;
declare const FILES: string[];

const worker = self as unknown as ServiceWorkerGlobalScope;
const prefix = 'parley-page-';
const cacheName = prefix + VERSION;
/** Longer than that, and what is kept is shown. */
const patienceMs = 3_000;

const install = async () => {
  const cache = await caches.open(cacheName);
  await cache.addAll(['./', ...FILES.filter(file => !file.startsWith('emoji/'))]);
};

const forgetOthers = async () => {
  const names = await caches.keys();
  await Promise.all(
    names.filter(name => name.startsWith(prefix) && name !== cacheName).map(name => caches.delete(name)),
  );
};

/** The newest page there is; the kept one where the network is away or slow. */
const page = async (request: Request) => {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(patienceMs) });
    if (answer.ok) return answer;
    return (await caches.match('./')) ?? answer;
  } catch (error) {
    const kept = await caches.match('./');
    if (kept) return kept;
    throw error;
  }
};

const file = async (request: Request) => {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(cacheName)).put(request, answer.clone());
  return answer;
};

worker.addEventListener('install', event => event.waitUntil(install()));
worker.addEventListener('activate', event => event.waitUntil(forgetOthers()));

worker.addEventListener('fetch', event => {
  const { request } = event;
  const { scope } = worker.registration;
  if (request.method !== 'GET' || !request.url.startsWith(scope)) return;
  const [path = ''] = request.url.slice(scope.length).split(/[?#]/);
  if (request.mode === 'navigate' && path === '') event.respondWith(page(request));
  else if (FILES.includes(path)) event.respondWith(file(request));
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

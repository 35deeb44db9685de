// The page that makes embed codes: the codes follow the choice, and can be copied.
// Without this file the form has a button, and codes can be selected.
(() => {
  'use strict';
  const form = document.querySelector('form.make');
  const made = () => document.getElementById('made');

  const dress = () => {
    for (const pre of document.querySelectorAll('pre[data-copy]')) {
      if (pre.nextElementSibling?.matches('.copy')) continue;
      const button = document.createElement('button');
      button.className = 'btn copy';
      button.textContent = 'Copy';
      button.addEventListener('click', () => copy(pre, button));
      pre.after(button);
    }
  };
  const copy = async (pre, button) => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      button.textContent = 'Copied';
    } catch { // no permission, or no TLS: the words are selected, for the keyboard
      getSelection().selectAllChildren(pre);
      button.textContent = 'Selected: copy it with your keyboard';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 4000);
  };

  let turn = 0;
  form.addEventListener('change', async (e) => {
    if (e.target.name === 'service' && e.target.value) form.elements.outage.value = '';
    if (e.target.name === 'outage' && e.target.value) form.elements.service.value = '';
    if (!form.elements.outage.value && !form.elements.service.value) return form.elements.service.focus();
    const mine = ++turn, address = '/embed?' + new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(address);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.getElementById('made');
      if (mine !== turn) return;
      form.elements.service.setCustomValidity(fresh ? '' : page.querySelector('main p')?.textContent || 'Not known');
      if (!form.reportValidity() || !fresh) return;
      made().replaceWith(document.importNode(fresh, true));
      history.replaceState(null, '', address);
      dress();
    } catch { /* the button still works */ }
  });
  dress();
})();

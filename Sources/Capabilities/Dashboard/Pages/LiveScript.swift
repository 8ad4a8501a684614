import Page

/// The only script there is: it gets the page again when something has changed and puts the new content in the place of
/// the old, and it shows times in the zone of whoever looks. Without it every page works, as it was when it was got.
enum LiveScript {
    static let source: HTML = #"""
        'use strict';
        const main = document.getElementById('main');
        const status = document.getElementById('live');

        function localTimes(root) {
          const format = new Intl.DateTimeFormat(undefined, {
            year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false,
            timeZoneName: 'short'});
          for (const time of root.querySelectorAll('time[datetime]')) {
            const at = new Date(time.dateTime);
            if (isNaN(at)) continue;
            time.title = time.textContent;
            time.textContent = format.format(at);
          }
        }

        // What somebody has opened, and where they are, stays as it is.
        function replace(fresh) {
          const open = new Set([...main.querySelectorAll('details[open][id]')].map(d => d.id));
          const focus = main.contains(document.activeElement) ? document.activeElement.id : '';
          main.replaceChildren(...fresh.childNodes);
          for (const details of main.querySelectorAll('details[id]')) {
            if (open.has(details.id)) details.open = true;
          }
          localTimes(main);
          if (focus) document.getElementById(focus)?.focus({preventScroll: true});
        }

        function isBusy() {
          const element = document.activeElement;
          if (element && main.contains(element) && element.closest('form')) return true;
          if ([...main.querySelectorAll('option')].some(o => o.selected !== o.defaultSelected && !o.matches(':first-child'))) return true;
          return [...main.querySelectorAll('input:not([type=hidden]), textarea')].some(i => i.value !== i.defaultValue);
        }

        let before = main.innerHTML;
        let running = false;
        let reached = true;
        let again = false;
        let last = 0;
        let timer = 0;
        async function refresh() {
          if (running || isBusy() || document.hidden) { again = true; return; }
          // At once, and then not more than once a second.
          const wait = last + 1000 - Date.now();
          if (wait > 0) { timer ||= setTimeout(() => { timer = 0; refresh(); }, wait); return; }
          last = Date.now();
          running = true;
          again = false;
          try {
            const answer = await fetch(location.href, {
              headers: {Accept: 'text/html', 'X-Mainstay-Live': '1'}, credentials: 'same-origin'});
            if (answer.redirected) { location.reload(); return; }
            reached = answer.ok;
            if (!answer.ok) return;
            const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
            const fresh = page.getElementById('main');
            if (!fresh || fresh.innerHTML === before) return;
            if (isBusy()) { again = true; return; }
            before = fresh.innerHTML;
            replace(fresh);
            document.title = page.title;
          } catch {
            reached = false;
          } finally { running = false; }
          if (again && reached) refresh();
        }

        localTimes(document);
        const address = document.body.dataset.live;
        if (address && window.EventSource) {
          const events = new EventSource(address);
          events.addEventListener('change', refresh);
          events.onopen = () => { status.textContent = 'live'; if (again) refresh(); };
          events.onerror = () => { status.textContent = 'not live: trying again'; again = true; };
          document.addEventListener('visibilitychange', () => { if (!document.hidden && again) refresh(); });
          main.addEventListener('focusout', () => { if (again) setTimeout(refresh, 50); });
        }

        // A page that is not told of what is new asks by itself, every so many seconds.
        const every = Number(document.body.dataset.refresh);
        if (every > 0) {
          setInterval(async () => {
            await refresh();
            status.textContent = reached ? '' : 'not new: trying again';
          }, every * 1000);
          document.addEventListener('visibilitychange', () => { if (!document.hidden && again) refresh(); });
        }

        """#
}

/// The public page in the same browser, as somebody sees it who has never signed in.
extension Browser {
    /// - Parameter base: of the server: `http://127.0.0.1:3000`.
    func look(at base: String) async throws -> Outcome { try await run(Self.statusScript, [base]) }

    private static let statusScript = #"""
        import json, sys
        from selenium import webdriver
        from selenium.webdriver.chrome.options import Options
        from selenium.webdriver.chrome.service import Service
        from selenium.webdriver.common.by import By
        from selenium.webdriver.common.keys import Keys
        from selenium.webdriver.support.ui import WebDriverWait

        base = sys.argv[1]
        result = {"trouble": [], "console": [], "pages": [], "live": 0.0}

        def check(what, is_so):
            if not is_so: result["trouble"].append(what)

        options = Options()
        for word in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]:
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        wait = WebDriverWait(driver, 60, poll_frequency=0.02)
        find = lambda css: driver.find_element(By.CSS_SELECTOR, css)

        # Of each text the contrast with what is behind it (WCAG 2.2, 1.4.3).
        contrast = """
            const light = colour => {
              const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map(Number).map(v => v / 255)
                .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
              return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const opaque = colour => /^rgb[(]/.test(colour);
            const behind = element => {
              for (let e = element; e; e = e.parentElement) {
                const colour = getComputedStyle(e).backgroundColor;
                if (opaque(colour)) return colour;
              }
              return null;
            };
            const bad = [];
            for (const element of document.querySelectorAll('main h1, main h2, main h3, main p, main strong, main .muted')) {
              const [ink, ground] = [getComputedStyle(element).color, behind(element)];
              if (!element.textContent.trim() || !ground || !opaque(ink)) continue;
              const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
              if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(element.textContent.trim().slice(0, 40));
            }
            return bad;
            """
        try:
            for look, width, scheme in [("light", 1200, "light"), ("dark", 1200, "dark"), ("phone", 390, "light")]:
                driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                       {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                       {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False})
                driver.get(base + "/status")
                size = driver.execute_script(
                    "return [document.documentElement.scrollWidth, window.innerWidth,"
                    " document.querySelectorAll('h1').length]")
                result["pages"].append({"name": look + " /status", "title": driver.title, "width": size[0],
                                        "window": size[1], "headings": size[2]})
                for text in driver.execute_script(contrast):
                    check(look + ": the contrast of '" + text + "'", False)
            driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

            driver.get(base + "/status")
            check("the style is there", driver.execute_script("return document.styleSheets[0].cssRules.length") > 10)
            levels = [int(h.tag_name[1]) for h in driver.find_elements(By.CSS_SELECTOR, "h1, h2, h3, h4")]
            check("no level of headings is passed over",
                  levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:])))
            check("the component is there", "The machine" in find("main").text)
            check("announced work is there", "Weekly upkeep" in find("main").text)
            check("pictures have words", all(p.get_attribute("aria-label") for p in
                                             driver.find_elements(By.CSS_SELECTOR, "main svg[role=img]")))
            check("no id stands twice", driver.execute_script(
                "const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
                " return new Set(ids).size === ids.length"))
            check("nobody is remembered", driver.get_cookies() == [])

            # With the keyboard alone.
            find("body").send_keys(Keys.TAB)
            check("the first stop is the way to the content", driver.switch_to.active_element.text == "To the content")
            driver.switch_to.active_element.send_keys(Keys.ENTER)
            check("which leads there", driver.switch_to.active_element.get_attribute("id") == "main")

            # The feed, as strict XML, and what it leads to.
            feed = driver.execute_async_script(
                "const done = arguments[arguments.length - 1];"
                " fetch('/status/feed.atom').then(async answer => {"
                "   const page = new DOMParser().parseFromString(await answer.text(), 'application/xml');"
                "   const all = name => [...page.getElementsByTagNameNS('http://www.w3.org/2005/Atom', name)];"
                "   done({type: answer.headers.get('content-type'), root: page.documentElement.localName,"
                "         broken: page.getElementsByTagName('parsererror').length,"
                "         ids: all('id').map(e => e.textContent), entries: all('entry').length,"
                "         links: all('link').map(e => e.getAttribute('href')),"
                "         updated: all('updated').map(e => e.textContent)});"
                " }).catch(error => done({root: String(error)}));")
            check("the feed is one: " + str(feed.get("root")), feed.get("root") == "feed" and feed["broken"] == 0)
            if feed.get("root") == "feed":
                check("its type", feed["type"].startswith("application/atom+xml"))
                check("it announces work", feed["entries"] >= 1)
                check("each entry has an id of its own",
                      len(set(feed["ids"])) == len(feed["ids"]) == feed["entries"] + 1)
                check("and says when", len(feed["updated"]) == feed["entries"] + 1)
                for link in set(feed["links"]):
                    answer = driver.execute_async_script(
                        "const done = arguments[1]; fetch(arguments[0]).then(a => done(a.status + ' ' + a.redirected));",
                        link.split("#")[0])
                    check("a link of the feed leads somewhere: " + link, answer == "200 false")

            for entry in driver.get_log("browser"): result["console"].append(entry["message"])

            # Nothing else is open.
            driver.get(base + "/alerts")
            wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, "#password"))
        except Exception as error:
            result["trouble"].append(type(error).__name__ + ": " + str(error)[:2000] + " at " + driver.current_url + " with " +
                                     driver.find_element(By.TAG_NAME, "body").text[:1000])
        finally:
            driver.quit()
        json.dump(result, sys.stdout)
        """#
}

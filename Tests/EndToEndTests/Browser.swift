import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside

/// Chromium, driven by Selenium, with the eyes of somebody who uses the dashboard.
struct Browser: Sendable {
    var program: Program

    struct Outcome: Decodable, Sendable {
        /// What did not come as it should.
        var trouble: [String]
        /// What the browser itself complained about.
        var console: [String]
        var pages: [Page]
        /// Seconds from the end of a command to its run on a page that nobody touched.
        var live: Double

        struct Page: Decodable, Sendable {
            var name: String
            var title: String
            var width: Int
            var window: Int
            var headings: Int
        }
    }

    /// - Parameter link: by which the first account is made.
    func drive(_ link: String) async throws -> Outcome { try await run(Self.script, [link, Program.path]) }

    /// - Parameter script: Python that writes an `Outcome` as JSON.
    func run(_ script: String, _ arguments: [String]) async throws -> Outcome {
        var environment = ChildEnvironment()
        for (name, value) in [
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": program.directory,
            "MAINSTAY_STATE": "\(program.directory)/state", "MAINSTAY_CONFIG": "\(program.directory)/mainstay.yaml",
            "PICTURES": ProcessInfo.processInfo.environment["MAINSTAY_PICTURES"] ?? "",
        ] { environment.values[name] = .plain(value) }
        let child = ChildProgram(
            "/usr/bin/python3", ["-c", script] + arguments, environment: environment,
            workingDirectory: program.directory, timeLimit: .seconds(180))
        let outcome = try await Programs(environment: [:]).run(child, keeping: ByteCount(16 * 1_048_576)).checked()
        return try JSONDecoder().decode(Outcome.self, from: Data(outcome.output.bytes ?? []))
    }

    private static let script = #"""
        import json, os, subprocess, sys, time
        from selenium import webdriver
        from selenium.webdriver.chrome.options import Options
        from selenium.webdriver.chrome.service import Service
        from selenium.webdriver.common.by import By
        from selenium.webdriver.common.keys import Keys
        from selenium.webdriver.support.ui import WebDriverWait

        link, mainstay = sys.argv[1:3]
        base = link.split("/set-up/")[0]
        pictures = os.environ.get("PICTURES")
        result = {"trouble": [], "console": [], "pages": [], "live": 99.0}

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
        def fill(css, text):
            find(css).clear()
            find(css).send_keys(text)
        def console(where):
            for entry in driver.get_log("browser"):
                # A refused password is an answer of 401, and signing out clears what is kept: the browser notes both.
                if not any(words in entry["message"] for words in ("status of 401", "Clear-Site-Data header")):
                    result["console"].append(where + ": " + entry["message"])
        try:
            driver.set_window_size(1200, 900)
            driver.get(link)
            fill("#account", "ann")
            fill("#password", "four words make one")
            fill("#again", "four words make one" + Keys.ENTER)
            wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, "nav a[aria-current=page]"))
            check("the overview comes after the set-up", "Overview" in driver.title)
            check("the script cannot read the session", driver.execute_script("return document.cookie") == "")

            # A run appears on a page that nobody touches.
            driver.get(base + "/runs")
            wait.until(lambda d: find("#live").text == "live")
            before = len(driver.find_elements(By.CSS_SELECTOR, "tbody tr"))
            subprocess.run([mainstay, "report", "prune"], check=True, capture_output=True)
            done = time.monotonic()
            wait.until(lambda d: len(d.find_elements(By.CSS_SELECTOR, "tbody tr")) > before and
                       "succeeded" in find("tbody tr").text)
            result["live"] = time.monotonic() - done
            run = find("tbody tr a").get_attribute("href")[len(base):]

            places = ["/", "/runs", run, "/findings", "/alerts", "/approvals", "/checklists",
                      "/checklists/environments-daily/production", "/backups", "/calendar", "/audit", "/environments/production",
                      "/environments/production/measurements", "/docs", "/docs/checks", "/docs/runbooks/nightly"]
            for look, width, scheme in [("light", 1200, "light"), ("dark", 1200, "dark"), ("phone", 390, "light")]:
                driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                       {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                       {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False})
                for place in places:
                    driver.get(base + place)
                    size = driver.execute_script(
                        "return [document.documentElement.scrollWidth, window.innerWidth,"
                        " document.querySelectorAll('h1').length]")
                    result["pages"].append({"name": look + " " + place, "title": driver.title, "width": size[0],
                                            "window": size[1], "headings": size[2]})
                    if pictures:
                        height = driver.execute_script("return document.documentElement.scrollHeight")
                        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": min(height, 4000), "deviceScaleFactor": 1, "mobile": False})
                        name = look + place.replace("/", "_") if place != run else look + "_run"
                        driver.save_screenshot(pictures + "/" + name + ".png")
                        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False})
            driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            console("pages")

            # With the keyboard alone: to the content, and from link to link.
            driver.get(base + "/")
            find("body").send_keys(Keys.TAB)
            check("the first stop is the way to the content", driver.switch_to.active_element.text == "To the content")
            driver.switch_to.active_element.send_keys(Keys.ENTER)
            check("which leads there", driver.switch_to.active_element.get_attribute("id") == "main")

            # Times are those of whoever looks, and UTC stays at hand.
            times = driver.find_elements(By.CSS_SELECTOR, "main time")
            check("times are there", len(times) > 0)
            check("UTC stays at hand", times and all("UTC" in t.get_attribute("title") for t in times))

            # What somebody fills in is not taken from them when something happens.
            driver.get(base + "/checklists/environments-daily/production")
            wait.until(lambda d: find("#live").text == "live")
            find("#sign-security-alerts summary").click()
            fill("#note-security-alerts", "none came")
            find("#result-security-alerts option[value=done]").click()
            subprocess.run([mainstay, "report", "prune"], check=True, capture_output=True)
            time.sleep(1)
            check("what was filled in stays", find("#note-security-alerts").get_attribute("value") == "none came")
            find("#sign-security-alerts button").click()
            wait.until(lambda d: "none came" in find("main").text)
            console("signing")

            # Out, and in again with the password.
            find("form.who button").click()
            wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, "#password"))
            driver.get(base + "/audit")
            check("nothing is seen from outside", "Sign in" in driver.title)
            fill("#account", "ann")
            fill("#password", "another password" + Keys.ENTER)
            wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, "[role=alert]"))
            fill("#account", "ann")
            fill("#password", "four words make one" + Keys.ENTER)
            wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, "nav a[aria-current=page]"))
            check("one comes to where one wanted to go", "Audit" in driver.title)
            check("the trail shows it", "admitted" in find("main").text)
            console("signing in")
        except Exception as error:
            result["trouble"].append(type(error).__name__ + ": " + str(error)[:2000] + " at " + driver.current_url + " with " +
                                     driver.find_element(By.TAG_NAME, "body").text[:1000])
        finally:
            driver.quit()
        json.dump(result, sys.stdout)
        """#
}

/// The one style of every page and report: calm, system fonts, light and dark, paper and telephone.
///
/// Colours stand in custom properties, each with its counterpart in the dark; all pairs of text and ground hold WCAG 2.2
/// AA (4.5 : 1), which a test computes. Nothing is told by colour alone.
package enum StyleSheet {
    package static let html: HTML = """
        :root{color-scheme:light dark;--ground:#f7f7f5;--card:#ffffff;--ink:#1b1f24;--muted:#575e67;--rule:#dfe1e4;\
        --accent:#1d5fb8;--second:#8250a8;--third:#0f766e;--fourth:#9a5b13;--good:#1a7035;--notice:#1d5fb8;\
        --warning:#8a5200;--unknown:#575e67;--critical:#b3261e;--good-ground:#e9f5ec;--notice-ground:#eaf1fb;\
        --warning-ground:#fdf3e0;--unknown-ground:#eeeff1;--critical-ground:#fdecea;--code:#f1f2f3}
        @media (prefers-color-scheme:dark){:root{--ground:#121417;--card:#1a1d21;--ink:#e7e9ec;--muted:#a1a8b2;\
        --rule:#30353b;--accent:#82b4ff;--second:#cba6f0;--third:#5fd0c3;--fourth:#e6b06a;--good:#5fcf80;\
        --notice:#82b4ff;--warning:#eab54f;--unknown:#a9b0b9;--critical:#ff938a;--good-ground:#15281b;\
        --notice-ground:#152338;--warning-ground:#2c2310;--unknown-ground:#24282d;--critical-ground:#371a18;\
        --code:#24282d}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,\
        "Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
        main,header.page,footer.page{max-width:1080px;margin:0 auto;padding:0 20px}
        header.page{padding-top:28px}footer.page{padding-top:8px;padding-bottom:40px;font-size:13px;color:var(--muted)}
        h1{font-size:26px;line-height:1.2;margin:2px 0 4px;letter-spacing:-.015em;font-weight:650}
        h2{font-size:19px;line-height:1.3;margin:36px 0 12px;letter-spacing:-.01em;font-weight:650;scroll-margin-top:12px}
        h3{font-size:15px;margin:0;font-weight:650}
        h4{font-size:14px;margin:16px 0 6px;font-weight:650}
        p{margin:6px 0}ul,ol{margin:6px 0;padding-left:20px}
        a{color:var(--accent);text-underline-offset:2px}
        :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
        code,pre{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
        code{background:var(--code);padding:1px 5px;border-radius:4px}
        pre{background:var(--code);padding:8px 10px;border-radius:6px;margin:6px 0;white-space:pre-wrap}
        pre code{background:none;padding:0}
        time,th code,td code{white-space:nowrap}
        td code.long{white-space:pre-wrap}
        .muted{color:var(--muted)}.small{font-size:13px}.hidden{position:absolute;width:1px;height:1px;overflow:hidden;\
        clip-path:inset(50%);white-space:nowrap}
        .brand{font-size:13px;font-weight:600;color:var(--muted);letter-spacing:.02em}
        .mark{flex:none;width:16px;height:16px;vertical-align:-3px}
        .standing{display:inline-flex;align-items:center;gap:5px;font-weight:600;white-space:nowrap}
        .good{color:var(--good)}.notice{color:var(--notice)}.warning{color:var(--warning)}.unknown{color:var(--unknown)}\
        .critical{color:var(--critical)}
        .verdict{display:flex;gap:14px;align-items:flex-start;border:1px solid;border-radius:10px;padding:16px 18px;\
        margin:18px 0 0}
        .verdict .mark{width:28px;height:28px;margin-top:1px}.verdict p{margin:0;font-size:18px;line-height:1.4;\
        font-weight:600;color:var(--ink)}.verdict p.why{font-size:14px;font-weight:400;color:var(--muted);margin-top:3px}
        .verdict.good{background:var(--good-ground)}.verdict.notice{background:var(--notice-ground)}\
        .verdict.warning{background:var(--warning-ground)}.verdict.unknown{background:var(--unknown-ground)}\
        .verdict.critical{background:var(--critical-ground)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:12px 0 0;padding:0;\
        list-style:none}
        .tiles li{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:11px 14px}
        .tiles b{display:block;font-size:22px;line-height:1.25;font-weight:650;letter-spacing:-.01em;\
        font-variant-numeric:tabular-nums}.tiles span.what{color:var(--muted);font-size:13px}
        nav.contents{margin:16px 0 0;font-size:14px;display:flex;flex-wrap:wrap;gap:4px 16px}
        .card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:14px 16px;margin:0 0 12px}
        .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:12px}
        .cards.narrow{grid-template-columns:repeat(auto-fit,minmax(min(100%,244px),1fr));align-items:start}.cards>.card{margin:0}
        .row{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:baseline;justify-content:space-between}
        .row>.grow{flex:1 1 auto;min-width:0}
        .big{font-size:24px;font-weight:650;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
        .tag{font-size:12px;border:1px solid var(--rule);border-radius:20px;padding:0 8px;color:var(--muted);\
        white-space:nowrap;font-weight:400}
        ul.plain{list-style:none;padding:0;margin:8px 0 0}ul.plain>li{padding:8px 0;border-top:1px solid var(--rule)}
        ul.plain>li:first-child{border-top:0;padding-top:2px}ul.plain>li:last-child{padding-bottom:0}
        ul.plain.tight>li{border:0;padding:3px 0}
        .item{display:grid;grid-template-columns:auto 1fr;gap:2px 9px;align-items:start}\
        .item>span:first-child{line-height:1.5}.item pre{margin:0;padding:4px 9px}.row.done{flex-wrap:nowrap}\
        .row.done>.small{white-space:nowrap}
        .card>ul.plain:first-child{margin-top:0}
        .item>div{min-width:0}
        .mend{display:block;margin-top:4px}
        .facts{display:flex;flex-wrap:wrap;gap:1px 16px;margin:3px 0 0;font-size:13px;color:var(--muted)}
        .facts b{font-weight:600;color:var(--ink)}
        table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
        caption{text-align:left;font-weight:650;padding-bottom:4px}
        th,td{text-align:left;padding:6px 12px 6px 0;border-top:1px solid var(--rule);vertical-align:top;font-weight:400}
        thead th{border-top:0;color:var(--muted);font-size:13px;white-space:nowrap}
        .whole{overflow-wrap:normal}
        td.number,th.number{text-align:right;white-space:nowrap}
        .scroll{overflow-x:auto}
        details{margin-top:8px}summary{cursor:pointer;color:var(--muted);font-size:13px}
        summary:hover{color:var(--ink)}
        .chart{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 14px 10px}
        .chart figcaption{display:flex;justify-content:space-between;gap:8px;align-items:baseline;font-size:14px;\
        margin-bottom:6px}.chart figcaption .muted{display:block;font-size:13px}.chart .last{font-weight:650;font-size:16px;white-space:nowrap}
        .chart svg[role]{display:block;width:100%;height:auto}
        .chart text{font:10.5px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--muted)}
        .grid{stroke:var(--rule);stroke-opacity:1}
        .line{fill:none;stroke-width:1.6}.area{fill:var(--accent);fill-opacity:.09}
        .line.c0{stroke:var(--accent)}.line.c1{stroke:var(--second)}.line.c2{stroke:var(--third)}\
        .line.c3{stroke:var(--fourth)}
        .dot.c0{fill:var(--accent)}.dot.c1{fill:var(--second)}.dot.c2{fill:var(--third)}.dot.c3{fill:var(--fourth)}
        .legend{list-style:none;margin:6px 0 0;padding:0;display:flex;flex-wrap:wrap;gap:2px 14px;font-size:13px;\
        color:var(--muted)}.legend svg{margin-right:5px;vertical-align:2px}.legend b{color:var(--ink);font-weight:600}
        .range{font-size:13px;color:var(--muted);margin:4px 0 0}.data{margin-top:4px}.data table{font-size:13px}
        .spark{vertical-align:-6px;overflow:visible}.bar{display:block;width:100%;height:10px}.bars td{width:60%}\
        .bars td.number{width:auto;white-space:nowrap}
        @media (max-width:600px){body{font-size:15px}main,header.page,footer.page{padding-left:14px;padding-right:14px}\
        h1{font-size:22px}h2{margin-top:28px}.verdict{padding:13px 13px;gap:10px}.verdict p{font-size:16px}\
        .verdict .mark{width:24px;height:24px}.tiles{grid-template-columns:1fr 1fr;gap:8px}.row.done{flex-wrap:wrap}\
        table.reflow thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}\
        table.reflow tr{display:block;border-top:1px solid var(--rule);padding:7px 0}\
        table.reflow th,table.reflow td{display:block;border:0;padding:1px 0}\
        table.reflow td.number{text-align:left}\
        table.reflow td[data-name]::before{content:attr(data-name) " ";color:var(--muted);font-size:13px}}
        @media print{:root{--ground:#fff;--card:#fff;--ink:#000;--muted:#444;--rule:#bbb;--accent:#000;--second:#000;\
        --third:#000;--fourth:#000;--good:#000;--notice:#000;--warning:#000;--unknown:#000;--critical:#000;\
        --good-ground:#fff;--notice-ground:#fff;--warning-ground:#fff;--unknown-ground:#fff;--critical-ground:#fff;\
        --code:#f3f3f3}@page{margin:15mm}body{font-size:10.5pt}main,header.page,footer.page{max-width:none;padding:0}\
        nav.contents,details.data{display:none}.cards>.card,.chart,.verdict,.tiles li,ul.plain>li,tr{break-inside:avoid}\
        h2,h3,h4{break-after:avoid}.cards{grid-template-columns:1fr 1fr}.verdict{border-width:2px}.verdict .mark{margin-right:12px}.area{fill:none}\
        a{color:inherit;text-decoration:none}}
        """
}

import Page

/// What the dashboard needs beyond the style of all pages: the bar above, forms, and what is only there for keyboards.
enum DashboardStyle {
    static let html: HTML = """

        .skip{position:absolute;left:-9999px;top:0;background:var(--card);padding:10px 14px;z-index:2}
        .skip:focus{left:8px;top:8px}
        header.top{display:flex;flex-wrap:wrap;align-items:center;gap:6px 18px;padding:9px 20px;background:var(--card);\
        border-bottom:1px solid var(--rule)}
        header.top a.brand{text-decoration:none;color:var(--ink);font-size:15px}
        header.top nav{flex:1 1 auto;min-width:0}
        header.top ul{list-style:none;display:flex;flex-wrap:wrap;gap:2px 4px;margin:0;padding:0}
        header.top nav a{display:block;padding:5px 9px;border-radius:6px;color:var(--muted);text-decoration:none;\
        font-size:14px}
        header.top nav a:hover{color:var(--ink);background:var(--code)}
        header.top nav a[aria-current]{color:var(--ink);background:var(--code);font-weight:650}
        header.top form{margin:0;font-size:14px;display:flex;gap:10px;align-items:center}
        main{padding-top:20px;padding-bottom:16px}main:focus{outline:none}
        footer.page{display:flex;justify-content:space-between;gap:12px;padding-top:20px}
        button,.button{font:inherit;font-size:14px;padding:5px 12px;min-height:32px;border-radius:7px;\
        border:1px solid var(--rule);background:var(--card);color:var(--ink);cursor:pointer}
        button:hover{border-color:var(--muted)}
        button.primary{background:var(--accent);border-color:var(--accent);color:var(--card);font-weight:600}
        label{display:block;font-size:14px;font-weight:600;margin:12px 0 4px}
        input[type=text],input[type=password],textarea,select{font:inherit;width:100%;max-width:420px;padding:7px 10px;\
        border:1px solid var(--muted);border-radius:7px;background:var(--card);color:var(--ink)}
        form.sheet{max-width:460px}form.sheet .hint{font-size:13px;color:var(--muted);margin:4px 0 0}
        form.sheet button{margin-top:16px}
        form.inline{display:flex;flex-wrap:wrap;gap:8px;align-items:end;margin-top:8px}
        form.inline label{margin:0}form.inline input{width:auto;flex:1 1 200px}
        .path{font-size:14px;color:var(--muted);margin:0 0 4px}.path a{color:var(--muted)}
        .card h2:first-child,.card h3:first-child{margin-top:0}
        .card h3 a{color:inherit;text-decoration:none}.card h3 a:hover{text-decoration:underline}
        td a,th a{text-decoration-thickness:1px}
        .whole a{white-space:nowrap}.whole td.any{overflow-wrap:anywhere}.item .tag{white-space:normal}
        svg.days{display:block;width:100%;height:34px;margin:10px 0 4px}
        .standing{vertical-align:-3px}.pages{display:flex;gap:14px;margin:12px 0}.pages a[aria-current]{color:var(--ink);font-weight:650;\
        text-decoration:none}
        @media (max-width:600px){td[data-name]:empty{display:none}header.top{padding:9px 14px}header.top nav{order:3;flex-basis:100%}\
        header.top nav a{padding:7px 9px}\
        header.top form{margin-left:auto}button{min-height:40px}}
        @media print{header.top,.skip,form,footer.page,.pages{display:none}}

        """
}

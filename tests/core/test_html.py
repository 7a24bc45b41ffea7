from crossreid.core.html import Html, html_table


def test_text_is_escaped_and_html_is_not():
    table = html_table(["a<b"], [["<script>"], [Html("<b>bold</b>")]], notes=["x & y", "z"])
    assert table == (
        "<table><thead><tr><th>a&lt;b</th></tr></thead>"
        "<tbody><tr><td>&lt;script&gt;</td></tr><tr><td><b>bold</b></td></tr></tbody></table>"
        "<p>x &amp; y z</p>"
    )


def test_without_notes_there_is_no_paragraph():
    assert html_table(["a"], []) == "<table><thead><tr><th>a</th></tr></thead><tbody></tbody></table>"

"""Reads what a company already has (Markdown, HTML, PDF, DOCX, lists of questions) as documents."""

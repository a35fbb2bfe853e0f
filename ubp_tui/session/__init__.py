"""What is kept between two starts of the app: its file, and how it is taken down and put back."""

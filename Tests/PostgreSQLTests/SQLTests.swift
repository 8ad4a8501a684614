import Maintenance
import PostgreSQL
import Testing
